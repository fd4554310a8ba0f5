#pragma once

#include <danaus/monarch/projection.hpp>

#include <filesystem>

namespace danaus::app {

/// The relative error of each slice: j to the right, k upwards, from 0 (dark) to 1 (bright).
void draw_slice_errors(const std::filesystem::path& path, const monarch::ProjectionReport& report);

/// The singular values of all slices taken together, one bar for each rank from the left, on a logarithmic
/// scale that spans whole decades below the first, 1 to 16 of them; those that the projection keeps are
/// bright.
void draw_spectrum(const std::filesystem::path& path, const std::vector<double>& spectrum, size_t kept);

}  // namespace danaus::app
