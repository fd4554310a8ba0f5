#include <mri/operators/sense_pipeline.hpp>

#ifndef KOKKOS_ENABLE_CUDA

#include <danaus/core/instantiate.hpp>
#include <danaus/mri/operators/centred_fft.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>

namespace danaus::mri {

namespace {

using Host = Kokkos::DefaultHostExecutionSpace;

constexpr size_t rows_per_piece = 8;  // of one column, a cache line of floats

/// From one line to the next: whole pieces, and never a multiple of a page, which would put all columns of a
/// row into the same few sets of the cache.
size_t pitch_of(size_t rows) { return ((rows + rows_per_piece - 1) / rows_per_piece | 1) * rows_per_piece; }

/// Rows side by side, `count` at a time.
template <class R>
fft::SerialPlan<R> line_plan(size_t n, size_t count, fft::Direction direction) {
  // Out of place: FFTW's rule for plans finds better ones.
  return fft::SerialPlan<R>::complex({{n, 1, 1}}, {{count, n, n}}, direction, /*in_place=*/false);
}

/// Complex numbers of one task, not initialised.
template <class R>
class Scratch {
 public:
  explicit Scratch(size_t size) : values_(std::make_unique_for_overwrite<R[]>(2 * size)) {}
  Complex<R>* at(size_t i) { return reinterpret_cast<Complex<R>*>(values_.get()) + i; }

 private:
  std::unique_ptr<R[]> values_;
};

/// out[i] = a[i] b[i], or added to it.
template <class R, bool adds>
void multiply(const Complex<R>* a, const Complex<R>* b, size_t n, Complex<R>* out) {
  const R *x = reinterpret_cast<const R*>(a), *y = reinterpret_cast<const R*>(b);
  R* to = reinterpret_cast<R*>(out);
#pragma omp simd
  for (size_t i = 0; i < n; ++i) {
    const R re = x[2 * i] * y[2 * i] - x[2 * i + 1] * y[2 * i + 1];
    const R im = x[2 * i] * y[2 * i + 1] + x[2 * i + 1] * y[2 * i];
    to[2 * i] = adds ? to[2 * i] + re : re;
    to[2 * i + 1] = adds ? to[2 * i + 1] + im : im;
  }
}

/// out[i] += conj(a[i]) b[i].
template <class R>
void add_conjugate_product(const Complex<R>* a, const Complex<R>* b, size_t n, Complex<R>* out) {
  const R *x = reinterpret_cast<const R*>(a), *y = reinterpret_cast<const R*>(b);
  R* to = reinterpret_cast<R*>(out);
#pragma omp simd
  for (size_t i = 0; i < n; ++i) {
    to[2 * i] += x[2 * i] * y[2 * i] + x[2 * i + 1] * y[2 * i + 1];
    to[2 * i + 1] += x[2 * i] * y[2 * i + 1] - x[2 * i + 1] * y[2 * i];
  }
}

/// out[i] *= |w[i]|^2.
template <class R>
void multiply_by_power(const Complex<R>* w, size_t n, Complex<R>* out) {
  const R* x = reinterpret_cast<const R*>(w);
  R* to = reinterpret_cast<R*>(out);
#pragma omp simd
  for (size_t i = 0; i < n; ++i) {
    const R power = x[2 * i] * x[2 * i] + x[2 * i + 1] * x[2 * i + 1];
    to[2 * i] *= power;
    to[2 * i + 1] *= power;
  }
}

/// Tasks of two indices each.
Kokkos::MDRangePolicy<Host, Kokkos::Rank<2>> tasks(size_t outer, size_t inner) {
  return {{0, 0}, {std::int64_t(outer), std::int64_t(inner)}, {1, 1}};
}

}  // namespace

template <class R>
SensePipeline<R>::SensePipeline(size_t batch, const ConstTensor<Complex<R>, 5>& maps,
                                const ConstTensor<R, 3>& weights)
    : batch_(batch),
      rows_(maps.extent(1)),
      columns_(maps.extent(2)),
      coils_(maps.extent(3)),
      sets_(maps.extent(4)),
      per_slice_(batch / maps.extent(0)),
      per_weight_(batch / weights.extent(0)),
      pieces_((rows_ + rows_per_piece - 1) / rows_per_piece),
      piece_has_maps_(maps.extent(0) * pieces_, 0),
      maps_(uninitialized<Value, 5>("danaus::mri::SensePipeline: maps",
                                    {maps.extent(0), pieces_, coils_, sets_, rows_per_piece * columns_})),
      z_forward_(line_plan<R>(columns_, rows_per_piece, fft::Direction::forward)),
      z_backward_(line_plan<R>(columns_, rows_per_piece, fft::Direction::backward)),
      y_forward_(line_plan<R>(rows_, 1, fft::Direction::forward)),
      y_backward_(line_plan<R>(rows_, 1, fft::Direction::backward)) {
  take_maps(maps);
  take_weights(weights);
  lines_ = uninitialized<Value, 4>("danaus::mri::SensePipeline: lines",
                                   {batch_, sampled_.size(), coils_, pitch_of(rows_)});
}

template <class R>
void SensePipeline<R>::take_maps(const ConstTensor<Complex<R>, 5>& maps) {
  const auto phase_y = image_phase<R>(rows_), phase_z = image_phase<R>(columns_);
  const R root = R(1 / std::sqrt(double(rows_ * columns_)));
  const size_t lanes = coils_ * sets_, tile = rows_per_piece * columns_;
  Kokkos::parallel_for(
      "danaus::mri::SensePipeline (maps)", tasks(maps.extent(0), pieces_), [&](size_t s, size_t piece) {
        Value* to = &maps_(s, piece, 0, 0, 0);
        Scratch<R> phases(columns_);
        bool some = false;
        for (size_t row = 0; row < rows_per_piece; ++row) {
          const size_t j = piece * rows_per_piece + row;
          const Value* from = j < rows_ ? &maps(s, j, 0, 0, 0) : nullptr;
          for (size_t k = 0; from && k < columns_; ++k) *phases.at(k) = root * phase_y(j) * phase_z(k);
          for (size_t i = 0; from && i < columns_ * lanes && !some; ++i)
            some = from[i].real() != 0 || from[i].imag() != 0;
          for (size_t lane = 0; lane < lanes; ++lane)
            for (size_t k = 0; k < columns_; ++k)
              to[lane * tile + row * columns_ + k] = from ? *phases.at(k) * from[k * lanes + lane] : Value(0);
        }
        piece_has_maps_[s * pieces_ + piece] = some;
      });
  Host().fence("danaus::mri::SensePipeline");
}

template <class R>
void SensePipeline<R>::take_weights(const ConstTensor<R, 3>& weights) {
  std::vector<char> is_sampled(columns_, 0);
  for (size_t i = 0; i < weights.size(); ++i)
    if (weights.data()[i] != 0) is_sampled[i % columns_] = 1;
  for (size_t k = 0; k < columns_; ++k)
    if (is_sampled[k]) sampled_.push_back(k);
  const auto phase_y = kspace_phase<R>(rows_), phase_z = kspace_phase<R>(columns_);
  weights_ = uninitialized<Value, 3>("danaus::mri::SensePipeline: weights",
                                     {weights.extent(0), sampled_.size(), rows_});
  for (size_t w = 0; w < weights.extent(0); ++w)
    for (size_t j = 0; j < rows_; ++j)
      for (size_t s = 0; s < sampled_.size(); ++s)
        weights_(w, s, j) = weights(w, j, sampled_[s]) * (phase_y(j) * phase_z(sampled_[s]));
}

template <class R>
void SensePipeline<R>::rows_to_columns(const ConstTensor<Complex<R>, 4>& x) const {
  const size_t tile = rows_per_piece * columns_;
  Kokkos::parallel_for(
      "danaus::mri::SensePipeline (rows to columns)", tasks(batch_, pieces_), [&](size_t b, size_t piece) {
        const size_t first = piece * rows_per_piece, count = std::min(rows_per_piece, rows_ - first);
        if (!has_maps(b, piece)) {
          for (size_t s = 0; s < sampled_.size(); ++s)
            for (size_t c = 0; c < coils_; ++c)
              std::fill_n(&lines_(b, s, c, first), rows_per_piece, Value(0));
          return;
        }
        Scratch<R> scratch((sets_ + 2) * tile);  // image, its coil, the coil's spectrum
        Value *image = scratch.at(0), *coil = scratch.at(sets_ * tile), *spectrum = coil + tile;
        const Value* pixels = &x(b, first, 0, 0);
        std::fill_n(image, sets_ * tile, Value(0));
        for (size_t i = 0; i < count * columns_; ++i)
          for (size_t m = 0; m < sets_; ++m) image[m * tile + i] = pixels[i * sets_ + m];
        for (size_t c = 0; c < coils_; ++c) {
          const Value* maps = &maps_(b / per_slice_, piece, c, 0, 0);
          multiply<R, false>(maps, image, tile, coil);
          for (size_t m = 1; m < sets_; ++m) multiply<R, true>(maps + m * tile, image + m * tile, tile, coil);
          z_forward_(coil, spectrum);
          for (size_t s = 0; s < sampled_.size(); ++s) {
            const Value* from = spectrum + sampled_[s];
            Value* to = &lines_(b, s, c, first);
            for (size_t j = 0; j < rows_per_piece; ++j) to[j] = from[j * columns_];
          }
        }
      });
  Host().fence("danaus::mri::SensePipeline");
}

template <class R>
void SensePipeline<R>::columns_to_rows(const Tensor<Complex<R>, 4>& x) const {
  const size_t tile = rows_per_piece * columns_;
  Kokkos::parallel_for(
      "danaus::mri::SensePipeline (columns to rows)", tasks(batch_, pieces_), [&](size_t b, size_t piece) {
        const size_t first = piece * rows_per_piece, count = std::min(rows_per_piece, rows_ - first);
        if (!has_maps(b, piece)) {
          std::fill_n(&x(b, first, 0, 0), count * columns_ * sets_, Value(0));
          return;
        }
        Scratch<R> scratch((sets_ + 2) * tile);  // image, its coil, the coil's spectrum
        Value *image = scratch.at(0), *coil = scratch.at(sets_ * tile), *spectrum = coil + tile;
        std::fill_n(image, sets_ * tile, Value(0));
        std::fill_n(spectrum, tile, Value(0));
        for (size_t c = 0; c < coils_; ++c) {
          for (size_t s = 0; s < sampled_.size(); ++s) {
            const Value* from = &lines_(b, s, c, first);
            Value* to = spectrum + sampled_[s];
            for (size_t j = 0; j < rows_per_piece; ++j) to[j * columns_] = from[j];
          }
          z_backward_(spectrum, coil);
          for (size_t m = 0; m < sets_; ++m)
            add_conjugate_product<R>(&maps_(b / per_slice_, piece, c, m, 0), coil, tile, image + m * tile);
        }
        Value* pixels = &x(b, first, 0, 0);
        for (size_t i = 0; i < count * columns_; ++i)
          for (size_t m = 0; m < sets_; ++m) pixels[i * sets_ + m] = image[m * tile + i];
      });
  Host().fence("danaus::mri::SensePipeline");
}

template <class R>
void SensePipeline<R>::clear_unsampled(const Tensor<Complex<R>, 4>& y) const {
  if (sampled_.size() == columns_) return;
  Kokkos::parallel_for("danaus::mri::SensePipeline (clear)", tasks(batch_, rows_), [&](size_t b, size_t j) {
    size_t k = 0;
    for (size_t s = 0; s <= sampled_.size(); ++s) {
      const size_t end = s < sampled_.size() ? sampled_[s] : columns_;
      std::fill_n(&y(b, j, 0, 0) + k * coils_, (end - k) * coils_, Value(0));
      k = end + 1;
    }
  });
  Host().fence("danaus::mri::SensePipeline");
}

template <class R>
void SensePipeline<R>::forward(const ConstTensor<Complex<R>, 4>& x, const Tensor<Complex<R>, 4>& y) const {
  rows_to_columns(x);
  clear_unsampled(y);
  Kokkos::parallel_for("danaus::mri::SensePipeline (forward)", tasks(batch_, sampled_.size()),
                       [&](size_t b, size_t s) {
                         const size_t pitch = lines_.extent(3), k = sampled_[s];
                         const Value* weights = &weights_(b / per_weight_, s, 0);
                         Scratch<R> spectra(coils_ * pitch);
                         for (size_t c = 0; c < coils_; ++c)
                           y_forward_(&lines_(b, s, c, 0), spectra.at(c * pitch));
                         for (size_t j = 0; j < rows_; ++j) {
                           Value* to = &y(b, j, k, 0);
                           for (size_t c = 0; c < coils_; ++c)
                             to[c] = weights[j] * *spectra.at(c * pitch + j);
                         }
                       });
  Host().fence("danaus::mri::SensePipeline");
}

template <class R>
void SensePipeline<R>::adjoint(const ConstTensor<Complex<R>, 4>& y, const Tensor<Complex<R>, 4>& x) const {
  Kokkos::parallel_for("danaus::mri::SensePipeline (adjoint)", tasks(batch_, sampled_.size()),
                       [&](size_t b, size_t s) {
                         const size_t pitch = lines_.extent(3), k = sampled_[s];
                         const Value* weights = &weights_(b / per_weight_, s, 0);
                         Scratch<R> spectra(coils_ * pitch);
                         for (size_t j = 0; j < rows_; ++j) {
                           const Value weight = Kokkos::conj(weights[j]);
                           const Value* from = &y(b, j, k, 0);
                           for (size_t c = 0; c < coils_; ++c) *spectra.at(c * pitch + j) = weight * from[c];
                         }
                         for (size_t c = 0; c < coils_; ++c)
                           y_backward_(spectra.at(c * pitch), &lines_(b, s, c, 0));
                       });
  Host().fence("danaus::mri::SensePipeline");
  columns_to_rows(x);
}

template <class R>
void SensePipeline<R>::normal(const ConstTensor<Complex<R>, 4>& x, const Tensor<Complex<R>, 4>& z) const {
  rows_to_columns(x);
  Kokkos::parallel_for("danaus::mri::SensePipeline (normal)", tasks(batch_, sampled_.size()),
                       [&](size_t b, size_t s) {
                         const Value* weights = &weights_(b / per_weight_, s, 0);
                         Scratch<R> spectrum(rows_);
                         for (size_t c = 0; c < coils_; ++c) {
                           y_forward_(&lines_(b, s, c, 0), spectrum.at(0));
                           multiply_by_power<R>(weights, rows_, spectrum.at(0));
                           y_backward_(spectrum.at(0), &lines_(b, s, c, 0));
                         }
                       });
  Host().fence("danaus::mri::SensePipeline");
  columns_to_rows(z);
}

template <class R>
size_t SensePipeline<R>::workspace_bytes(size_t batch, const Shape<5>& maps) {
  return sizeof(Value) *
         (size_of(maps) + batch * maps[2] * maps[3] * pitch_of(maps[1]) + batch * maps[1] * maps[2]);
}

#define DANAUS_INSTANTIATE(R) template class SensePipeline<R>;
DANAUS_FOR_EACH_REAL(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::mri

#endif
