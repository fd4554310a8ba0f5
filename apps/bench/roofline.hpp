#pragma once

#include <common/option_table.hpp>

#include <string>

namespace danaus::app {

/// Draws the rows that have `gflops` and `intensity` as points beneath the measured roofs of the machine:
/// GF/s over operations per byte of the least traffic, both axes logarithmic. Points above the slanted roof
/// work in a cache.
/// @param report  `machine` with its roofs, and `results`
/// @param file    .svg or .png. @throws UsageError for another ending, IoError
void write_roofline(const std::string& file, const Json& report);

/// Before anything is measured. @throws UsageError for an ending that cannot be drawn
void require_picture_name(const std::string& file);

}  // namespace danaus::app
