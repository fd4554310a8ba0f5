#pragma once

#include <danaus/core/complex.hpp>

#include <array>
#include <filesystem>
#include <optional>
#include <vector>

namespace danaus::mri {

/// BART's arrays: BASE.hdr, text with 16 extents under "# Dimensions", and BASE.cfl, complex float32, the
/// first axis fastest. Axes 0 .. 15: READ, PHS1, PHS2, COIL, MAPS, TE, COEFF, COEFF2, ITER, CSHIFT, TIME,
/// TIME2, LEVEL, SLICE, AVG, BATCH. https://mrirecon.github.io/bart
struct CflArray {
  static constexpr size_t rank = 16;
  enum Axis : size_t { read = 0, phase1 = 1, phase2 = 2, coil = 3, maps = 4, echo = 5, slice = 13 };

  std::array<size_t, rank> shape;
  std::vector<Complex<float>> data;

  CflArray() { shape.fill(1); }
  size_t size() const;
  /// Entries from one index to the next along an axis.
  size_t stride(size_t axis) const;
};

/// BASE if the path names a pair: BASE itself, BASE.cfl or BASE.hdr, with at least one of the two there.
std::optional<std::filesystem::path> cfl_base(const std::filesystem::path& path);

/// @throws MissingInputError, DataError if the header is not one, or the data's size is not what it says
CflArray read_cfl(const std::filesystem::path& base);

/// Both files, data first, each atomically. @throws IoError
void write_cfl(const std::filesystem::path& base, const CflArray& array);

}  // namespace danaus::mri
