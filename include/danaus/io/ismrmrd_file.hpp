#pragma once

#include <danaus/core/complex.hpp>
#include <danaus/io/detail/hdf5_handle.hpp>

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace danaus::io {

/// The part of a readout's header that places it.
struct IsmrmrdHead {
  std::uint64_t flags = 0;
  std::uint16_t samples = 0, channels = 0, center_sample = 0, discard_pre = 0, discard_post = 0;
  std::uint16_t step_1 = 0, step_2 = 0, average = 0, slice = 0, contrast = 0, phase = 0, repetition = 0,
                set = 0;
  /// Centre of the slice or volume in mm, and unit vectors of its axes, in patient coordinates (left,
  /// posterior, superior); zero where the file does not say.
  std::array<float, 3> position{}, read_dir{}, phase_dir{}, slice_dir{};

  /// By the standard's number, from 1: 19 noise, 20 calibration, 22 reversed, 23 navigator, ...
  bool has_flag(int number) const { return (flags >> (number - 1)) & 1; }
};

/// One readout of all channels.
struct IsmrmrdAcquisition : IsmrmrdHead {
  std::vector<Complex<float>> data;  ///< (channel, sample)
};

/// Raw data in ISMRMRD's HDF5 layout (Inati et al. 2017, doi:10.1002/mrm.26089): /dataset/xml, one text, and
/// /dataset/data, one compound of header, trajectory and samples per readout. Read in bulk, read only; links,
/// shapes and the lengths of every readout are checked.
///
/// @throws MissingInputError, DataError naming file and readout
class IsmrmrdReader {
 public:
  explicit IsmrmrdReader(const std::filesystem::path& path);

  /// Whether an HDF5 file has this layout.
  static bool recognises(const std::filesystem::path& path);

  const std::string& xml() const { return xml_; }
  std::size_t size() const { return size_; }
  /// Headers of readouts [first, first + count); their samples stay in the file.
  std::vector<IsmrmrdHead> read_heads(std::size_t first, std::size_t count) const;
  /// Readouts by their numbers, in that order.
  std::vector<IsmrmrdAcquisition> read(const std::vector<std::size_t>& numbers) const;

 private:
  struct Trial {};
  IsmrmrdReader(const std::filesystem::path& path, Trial);

  void try_in_child() const;
  void open();
  [[noreturn]] void fail(const std::string& what) const;
  /// H5Dread of `count` selected readouts.
  void read_selected(const detail::Hdf5Handle& type, const detail::Hdf5Handle& selection, std::size_t count,
                     void* to) const;
  void read_xml();

  std::filesystem::path path_;
  detail::Hdf5Handle file_, data_;
  std::string xml_;
  std::size_t size_ = 0;
};

}  // namespace danaus::io
