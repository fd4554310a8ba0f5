#include <mri/operators/sense_pipeline.hpp>

#ifndef KOKKOS_ENABLE_CUDA

#include <danaus/core/instantiate.hpp>

#include <algorithm>
#include <memory>

namespace danaus::mri {

namespace {

using Host = Kokkos::DefaultHostExecutionSpace;

constexpr size_t rows_per_piece = 8;
constexpr size_t lanes_per_block = 16;  // coils x columns of one transform along y: 64 KiB at 512 rows

template <class R>
fft::SerialPlan<R> line_plan(size_t n, size_t lanes, fft::Direction direction) {
  // Out of place: FFTW's rule for plans finds better ones.
  return fft::SerialPlan<R>::complex({{n, lanes, lanes}}, {{lanes, 1, 1}}, direction, /*in_place=*/false);
}

/// Complex numbers of one task, not initialised.
template <class R>
class Scratch {
 public:
  explicit Scratch(size_t size) : values_(std::make_unique_for_overwrite<R[]>(2 * size)) {}
  Complex<R>* data() { return reinterpret_cast<Complex<R>*>(values_.get()); }
  Complex<R>& operator[](size_t i) { return data()[i]; }

 private:
  std::unique_ptr<R[]> values_;
};

size_t columns_per_block(size_t coils) { return std::max<size_t>(1, lanes_per_block / coils); }

/// out[c] = sum_m map[c, m] value[m]
template <class R>
void expand_pixel(const Complex<R>* map, const Complex<R>* value, size_t coils, size_t sets,
                  Complex<R>* out) {
  if (sets == 1) {
    const R a = value[0].real(), b = value[0].imag();
    const R* m = reinterpret_cast<const R*>(map);
    R* o = reinterpret_cast<R*>(out);
    for (size_t c = 0; c < coils; ++c) {
      o[2 * c] = m[2 * c] * a - m[2 * c + 1] * b;
      o[2 * c + 1] = m[2 * c] * b + m[2 * c + 1] * a;
    }
    return;
  }
  for (size_t c = 0; c < coils; ++c) {
    Complex<R> sum = 0;
    for (size_t m = 0; m < sets; ++m) sum += map[c * sets + m] * value[m];
    out[c] = sum;
  }
}

/// out[m] = sum_c conj(map[c, m]) in[c]
template <class R>
void combine_pixel(const Complex<R>* map, const Complex<R>* in, size_t coils, size_t sets, Complex<R>* out) {
  for (size_t m = 0; m < sets; ++m) {
    R re = 0, im = 0;
    for (size_t c = 0; c < coils; ++c) {
      const Complex<R> s = map[c * sets + m], v = in[c];
      re += s.real() * v.real() + s.imag() * v.imag();
      im += s.real() * v.imag() - s.imag() * v.real();
    }
    out[m] = Complex<R>(re, im);
  }
}

/// A row of pixels with one set of maps. Left to itself the compiler adds coils one after the other; with
/// their number known (0: it is not) a pixel is a few vector instructions.
template <class R, size_t known_coils>
void combine_row(const Complex<R>* maps, const Complex<R>* in, size_t columns, size_t coils,
                 Complex<R>* out) {
  const size_t n = known_coils ? known_coils : coils;
  const R* s = reinterpret_cast<const R*>(maps);
  const R* v = reinterpret_cast<const R*>(in);
  for (size_t k = 0; k < columns; ++k, s += 2 * n, v += 2 * n) {
    R re = 0, im = 0;
#pragma omp simd reduction(+ : re, im)
    for (size_t c = 0; c < n; ++c) {
      re += s[2 * c] * v[2 * c] + s[2 * c + 1] * v[2 * c + 1];
      im += s[2 * c] * v[2 * c + 1] - s[2 * c + 1] * v[2 * c];
    }
    out[k] = Complex<R>(re, im);
  }
}

template <class R>
void combine_row(const Complex<R>* maps, const Complex<R>* in, size_t columns, size_t coils, size_t sets,
                 Complex<R>* out) {
  if (sets > 1)
    for (size_t k = 0; k < columns; ++k)
      combine_pixel<R>(maps + k * coils * sets, in + k * coils, coils, sets, out + k * sets);
  else if (coils == 8)
    combine_row<R, 8>(maps, in, columns, coils, out);
  else if (coils == 16)
    combine_row<R, 16>(maps, in, columns, coils, out);
  else
    combine_row<R, 0>(maps, in, columns, coils, out);
}

}  // namespace

template <class R>
SensePipeline<R>::SensePipeline(size_t batch, ConstTensor<Complex<R>, 5> maps,
                                ConstTensor<Complex<R>, 3> weights)
    : batch_(batch),
      rows_(maps.extent(1)),
      columns_(maps.extent(2)),
      coils_(maps.extent(3)),
      sets_(maps.extent(4)),
      per_slice_(batch / maps.extent(0)),
      per_weight_(batch / weights.extent(0)),
      maps_(maps),
      weights_(weights),
      rows_with_maps_(maps.extent(0) * maps.extent(1), 0),
      block_columns_(columns_per_block(coils_)),
      z_forward_(line_plan<R>(columns_, coils_, fft::Direction::forward)),
      z_backward_(line_plan<R>(columns_, coils_, fft::Direction::backward)),
      y_forward_(line_plan<R>(rows_, block_columns_ * coils_, fft::Direction::forward)),
      y_backward_(line_plan<R>(rows_, block_columns_ * coils_, fft::Direction::backward)) {
  const size_t row_size = columns_ * coils_ * sets_;
  for (size_t row = 0; row < rows_with_maps_.size(); ++row) {
    const Value* values = maps.data() + row * row_size;
    rows_with_maps_[row] = std::any_of(values, values + row_size, [](Value v) { return v != Value(0); });
  }
  size_t last = 0;
  first_column_ = columns_;
  for (size_t i = 0; i < weights.size(); ++i)
    if (weights.data()[i] != Value(0)) {
      first_column_ = std::min(first_column_, i % columns_);
      last = std::max(last, i % columns_ + 1);
    }
  if (last == 0) first_column_ = 0;
  // Whole blocks: the last one may reach into columns that are not sampled.
  const size_t sampled = last > first_column_ ? last - first_column_ : 0;
  blocks_ = (sampled + block_columns_ - 1) / block_columns_;
  box_ = blocks_ * block_columns_;
  if (first_column_ + box_ > columns_) first_column_ = columns_ >= box_ ? columns_ - box_ : 0;
  buffer_.resize(batch_ * rows_ * box_ * coils_);
}

template <class R>
void SensePipeline<R>::rows_to_columns(const Value* x) const {
  const size_t pieces = (rows_ + rows_per_piece - 1) / rows_per_piece,
               kept = std::min(box_, columns_) * coils_;
  Kokkos::parallel_for("danaus::mri::SensePipeline (rows to columns)",
                       Kokkos::RangePolicy<Host>(0, batch_ * pieces), [&](size_t i) {
                         const size_t b = i / pieces, first = i % pieces * rows_per_piece;
                         Scratch<R> line(columns_ * coils_), spectrum(columns_ * coils_);
                         for (size_t j = first; j < std::min(rows_, first + rows_per_piece); ++j) {
                           Value* to = &buffer_[(b * rows_ + j) * box_ * coils_];
                           if (!has_maps(b, j)) {
                             std::fill_n(to, box_ * coils_, Value(0));
                             continue;
                           }
                           const Value* map = &maps_(b / per_slice_, j, 0, 0, 0);
                           const Value* value = x + (b * rows_ + j) * columns_ * sets_;
                           for (size_t k = 0; k < columns_; ++k)
                             expand_pixel<R>(map + k * coils_ * sets_, value + k * sets_, coils_, sets_,
                                             &line[k * coils_]);
                           z_forward_(line.data(), spectrum.data());
                           std::copy_n(&spectrum[first_column_ * coils_], kept, to);
                           std::fill_n(to + kept, box_ * coils_ - kept, Value(0));
                         }
                       });
  Host().fence("danaus::mri::SensePipeline");
}

template <class R>
void SensePipeline<R>::columns_to_rows(Value* x) const {
  const size_t pieces = (rows_ + rows_per_piece - 1) / rows_per_piece,
               kept = std::min(box_, columns_) * coils_;
  Kokkos::parallel_for("danaus::mri::SensePipeline (columns to rows)",
                       Kokkos::RangePolicy<Host>(0, batch_ * pieces), [&](size_t i) {
                         const size_t b = i / pieces, first = i % pieces * rows_per_piece;
                         Scratch<R> spectrum(columns_ * coils_), line(columns_ * coils_);
                         for (size_t j = first; j < std::min(rows_, first + rows_per_piece); ++j) {
                           Value* to = x + (b * rows_ + j) * columns_ * sets_;
                           if (!has_maps(b, j)) {
                             std::fill_n(to, columns_ * sets_, Value(0));
                             continue;
                           }
                           std::fill_n(spectrum.data(), first_column_ * coils_, Value(0));
                           std::copy_n(&buffer_[(b * rows_ + j) * box_ * coils_], kept,
                                       &spectrum[first_column_ * coils_]);
                           const size_t end = first_column_ * coils_ + kept;
                           std::fill_n(&spectrum[end], columns_ * coils_ - end, Value(0));
                           z_backward_(spectrum.data(), line.data());
                           const Value* map = &maps_(b / per_slice_, j, 0, 0, 0);
                           combine_row<R>(map, line.data(), columns_, coils_, sets_, to);
                         }
                       });
  Host().fence("danaus::mri::SensePipeline");
}

/// One block of columns: `in` and `out` are samples (batch, ky, kz, coil) where the pass reads or writes
/// them.
template <class R>
void SensePipeline<R>::middle_block(Middle which, size_t b, size_t block, const Value* in, Value* out) const {
  const size_t lanes = block_columns_ * coils_, column = first_column_ + block * block_columns_;
  const size_t present = column < columns_ ? std::min(block_columns_, columns_ - column) : 0;
  Scratch<R> lines(rows_ * lanes), other(rows_ * lanes);
  Value* buffer = &buffer_[b * rows_ * box_ * coils_ + block * lanes];
  const Value* weights = &weights_(b / per_weight_, 0, 0) + column;
  if (which == Middle::adjoint) {
    for (size_t j = 0; j < rows_; ++j)
      for (size_t k = 0; k < present; ++k) {
        const Value w = Kokkos::conj(weights[j * columns_ + k]);
        const Value* sample = in + ((b * rows_ + j) * columns_ + column + k) * coils_;
        for (size_t c = 0; c < coils_; ++c) lines[j * lanes + k * coils_ + c] = w * sample[c];
      }
    if (present < block_columns_)
      for (size_t j = 0; j < rows_; ++j)
        std::fill_n(&lines[j * lanes + present * coils_], lanes - present * coils_, Value(0));
  } else {
    for (size_t j = 0; j < rows_; ++j) std::copy_n(buffer + j * box_ * coils_, lanes, &other[j * lanes]);
    y_forward_(other.data(), lines.data());
  }
  if (which == Middle::forward) {
    for (size_t j = 0; j < rows_; ++j)
      for (size_t k = 0; k < present; ++k) {
        const Value w = weights[j * columns_ + k];
        Value* sample = out + ((b * rows_ + j) * columns_ + column + k) * coils_;
        for (size_t c = 0; c < coils_; ++c) sample[c] = w * lines[j * lanes + k * coils_ + c];
      }
    return;
  }
  if (which == Middle::normal)
    for (size_t j = 0; j < rows_; ++j)
      for (size_t k = 0; k < block_columns_; ++k) {
        const Value w = k < present ? weights[j * columns_ + k] : Value(0);
        const R power = w.real() * w.real() + w.imag() * w.imag();
        R* values = reinterpret_cast<R*>(&lines[j * lanes + k * coils_]);
        for (size_t c = 0; c < 2 * coils_; ++c) values[c] *= power;
      }
  y_backward_(lines.data(), other.data());
  for (size_t j = 0; j < rows_; ++j) std::copy_n(&other[j * lanes], lanes, buffer + j * box_ * coils_);
}

template <class R>
void SensePipeline<R>::middle(Middle which, const Value* in, Value* out) const {
  Kokkos::parallel_for("danaus::mri::SensePipeline (columns)", Kokkos::RangePolicy<Host>(0, batch_ * blocks_),
                       [&](size_t i) { middle_block(which, i / blocks_, i % blocks_, in, out); });
  Host().fence("danaus::mri::SensePipeline");
}

template <class R>
void SensePipeline<R>::forward(ConstTensor<Complex<R>, 4> x, Tensor<Complex<R>, 4> y) const {
  rows_to_columns(x.data());
  if (box_ < columns_) std::fill_n(y.data(), y.size(), Value(0));
  middle(Middle::forward, nullptr, y.data());
}

template <class R>
void SensePipeline<R>::adjoint(ConstTensor<Complex<R>, 4> y, Tensor<Complex<R>, 4> x) const {
  middle(Middle::adjoint, y.data(), nullptr);
  columns_to_rows(x.data());
}

template <class R>
void SensePipeline<R>::normal(ConstTensor<Complex<R>, 4> x, Tensor<Complex<R>, 4> z) const {
  rows_to_columns(x.data());
  middle(Middle::normal, nullptr, nullptr);
  columns_to_rows(z.data());
}

#define DANAUS_INSTANTIATE(R) template class SensePipeline<R>;
DANAUS_FOR_EACH_REAL(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::mri

#endif
