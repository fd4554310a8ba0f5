#pragma once

#include <common/options.hpp>

#include <danaus/mri/data/scan.hpp>

#include <filesystem>
#include <optional>

namespace danaus::app {

struct PlaneSize {
  size_t rows, columns;
};

/// "416x80". @throws UsageError naming the option
PlaneSize parse_plane_size(const Options& options, const std::string& name);

/// @throws UsageError if the file is there, or the folder is not empty, without --overwrite
void require_new_output(const Options& options, const std::string& name = "out");

/// Every file of raw data that --data names: files, comma-separated, or all files of folders, sorted by name.
/// @throws MissingInputError if there is none
std::vector<std::filesystem::path> data_files(const Options& options);

/// The same of names.
std::vector<std::filesystem::path> scans_in(const std::vector<std::string>& names);

/// --acceleration as a list. @throws UsageError
std::vector<double> parse_accelerations(const Options& options);

/// The options that say how a scan is undersampled when no mask file is given.
std::vector<Option> mask_choice_options();

/// --band-limit: what the methods' images keep of a zero-padded plane.
Option band_limit_option();
/// The band of a scan for mri::MethodSettings.
std::optional<Shape<2>> chosen_band(const Options& options, const mri::ScanDescription& scan);

struct ChosenMask {
  mri::Mask mask;  ///< of the full plane
  /// R of the acquired plane, and of the zero-padded one.
  double acceleration, padded_acceleration;
  std::string origin;  ///< "stored poisson_4.0x", "generated poisson, seed 0", ...
};

/// The file's /masks/poisson_{R}x, else generated for the scan's acquired plane from --seed.
ChosenMask choose_mask(const Options& options, const mri::Scan& scan, double acceleration);

/// Mask `number` of a bank that training draws from: generated, but never that of choose_mask().
ChosenMask fresh_mask(const Options& options, const mri::Scan& scan, double acceleration,
                      std::uint64_t number);

/// A mask that was read or found in the samples.
ChosenMask describe_mask(const mri::Mask& full, const mri::ScanDescription& scan, const std::string& origin);

}  // namespace danaus::app
