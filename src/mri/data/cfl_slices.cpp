#include <mri/data/cfl_slices.hpp>

#include <danaus/core/error.hpp>
#include <io/file_descriptor.hpp>
#include <mri/data/readout_inverse.hpp>

#include <algorithm>
#include <atomic>
#include <optional>

namespace danaus::mri::detail {

namespace {

using Host = Kokkos::DefaultHostExecutionSpace;
using Value = Complex<float>;

constexpr size_t piece_bytes = size_t(512) << 10;  // of all coils: stays in the second cache

/// Reads within a parallel loop, out of which nothing may be thrown: a failure is kept until its end.
class ParallelReads {
 public:
  explicit ParallelReads(const OpenCfl& cfl) : cfl_(cfl) {}
  void read(size_t offset, size_t count, Value* to) const {
    const size_t bytes = count * sizeof(Value);
    try {
      if (cfl_.file->read_at(offset * sizeof(Value), to, bytes) != bytes) failed_ = true;
    } catch (const Error&) {
      failed_ = true;
    }
  }
  void require_success() const {
    if (failed_) throw IoError(cfl_.base.string() + ".cfl: cannot be read, or was changed meanwhile");
  }

 private:
  const OpenCfl& cfl_;
  mutable std::atomic<bool> failed_{false};
};

}  // namespace

CflSlices::CflSlices(const OpenCfl& cfl, size_t set_axis, bool inverse, size_t window_bytes)
    : cfl_(cfl), set_axis_(set_axis), flat_(cfl.shape[CflArray::phase2] == 1), inverse_(inverse && !flat_) {
  const auto& n = cfl_.shape;
  slices_ = n[flat_ ? size_t(CflArray::slice) : size_t(CflArray::read)];
  rows_ = n[flat_ ? CflArray::read : CflArray::phase1];
  columns_ = n[flat_ ? CflArray::phase1 : CflArray::phase2];
  coils_ = n[CflArray::coil], sets_ = n[set_axis_];
  require_axes();
  window_ = SliceWindow(slices_, sets_ * rows_ * columns_ * coils_, window_bytes);
}

void CflSlices::require_axes() const {
  const auto refuse = [&](const std::string& what) { throw DataError(cfl_.base.string() + ".hdr: " + what); };
  const bool is_kspace = set_axis_ == CflArray::echo;
  for (size_t axis = 0; axis < CflArray::rank; ++axis) {
    const bool known = axis <= CflArray::coil || axis == set_axis_ || axis == CflArray::slice;
    if (!known && cfl_.shape[axis] != 1)
      refuse(std::string("expected ") + (is_kspace ? "k-space" : "maps") + " along READ, PHS1, PHS2, COIL, " +
             (is_kspace ? "TE" : "MAPS") + " and SLICE, found extent " + std::to_string(cfl_.shape[axis]) +
             " along axis " + std::to_string(axis) + " (non-Cartesian data and series are out of scope)");
  }
  if (!flat_ && cfl_.shape[CflArray::slice] != 1) refuse("volumes along SLICE; expected one volume");
}

size_t CflSlices::stride(size_t axis) const {
  size_t stride = 1;
  for (size_t a = 0; a < axis; ++a) stride *= cfl_.shape[a];
  return stride;
}

const Value* CflSlices::slice(size_t index) const {
  return window_.slice(index, [&](size_t first, size_t count, Value* samples) {
    if (flat_)
      load_flat(first, count, samples);
    else
      load_volume(first, count, samples);
  });
}

/// Columns of readouts, of all coils, side by side.
void CflSlices::load_flat(size_t first, size_t count, Value* samples) const {
  const size_t s_coil = stride(CflArray::coil), s_set = stride(set_axis_), s_slice = stride(CflArray::slice);
  const size_t together = std::clamp<size_t>(piece_bytes / (rows_ * coils_ * sizeof(Value)), 1, columns_);
  const size_t pieces = (columns_ + together - 1) / together;
  const ParallelReads file(cfl_);
  Kokkos::parallel_for(
      "danaus::mri::CflSlices (flat)", Kokkos::RangePolicy<Host>(0, count * sets_ * pieces), [&](size_t i) {
        const size_t x = i / pieces / sets_, e = i / pieces % sets_, k0 = i % pieces * together;
        const size_t width = std::min(together, columns_ - k0), run = rows_ * width;
        std::vector<Value> buffer(coils_ * run);  // (coil, column, row)
        for (size_t c = 0; c < coils_; ++c)
          file.read((first + x) * s_slice + e * s_set + c * s_coil + k0 * rows_, run, &buffer[c * run]);
        for (size_t j = 0; j < rows_; ++j) {
          Value* to = &samples[(((x * sets_ + e) * rows_ + j) * columns_ + k0) * coils_];
          for (size_t k = 0; k < width; ++k)
            for (size_t c = 0; c < coils_; ++c) to[k * coils_ + c] = buffer[c * run + k * rows_ + j];
        }
      });
  Host().fence("danaus::mri::CflSlices");
  file.require_success();
}

/// Lines along READ, of some rows of a column and all coils, side by side; transformed where they lie.
void CflSlices::load_volume(size_t first, size_t count, Value* samples) const {
  const size_t n = slices_;
  const size_t s_coil = stride(CflArray::coil), s_set = stride(set_axis_),
               s_column = stride(CflArray::phase2);
  const size_t together = std::clamp<size_t>(piece_bytes / (n * coils_ * sizeof(Value)), 1, rows_);
  const size_t pieces = (rows_ + together - 1) / together, lines = together * coils_;
  std::optional<ReadoutInverse> inverse;
  if (inverse_) inverse.emplace(n, lines);
  const ParallelReads file(cfl_);
  Kokkos::parallel_for(
      "danaus::mri::CflSlices (volume)", Kokkos::RangePolicy<Host>(0, sets_ * columns_ * pieces),
      [&](size_t i) {
        const size_t e = i / pieces / columns_, k = i / pieces % columns_, j0 = i % pieces * together;
        const size_t height = std::min(together, rows_ - j0), run = n * together;
        std::vector<Value> buffer(lines * n);  // (coil, row, slice); zeros behind the last row
        for (size_t c = 0; c < coils_; ++c)
          file.read(e * s_set + c * s_coil + k * s_column + j0 * n, height * n, &buffer[c * run]);
        if (inverse) (*inverse)(buffer.data());
        for (size_t x = 0; x < count; ++x) {
          const Value turn = inverse ? inverse->phase(first + x) : Value(1);
          for (size_t j = 0; j < height; ++j) {
            Value* to = &samples[(((x * sets_ + e) * rows_ + j0 + j) * columns_ + k) * coils_];
            for (size_t c = 0; c < coils_; ++c) to[c] = turn * buffer[c * run + j * n + first + x];
          }
        }
      });
  Host().fence("danaus::mri::CflSlices");
  file.require_success();
}

}  // namespace danaus::mri::detail
