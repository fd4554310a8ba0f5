#include <danaus/mri/operators/sense_operator.hpp>

#include <danaus/core/instantiate.hpp>
#include <danaus/mri/operators/centred_fft.hpp>
#include <mri/operators/sense_pipeline.hpp>
#if !defined(KOKKOS_ENABLE_CUDA)
#include <mri/operators/coil_rows_host.hpp>
#endif

#include <cmath>

namespace danaus::mri {

namespace {

/// Items, rows and columns of a (batch, y, z, ..) view.
template <class View>
Indices<3> over_pixels(const Exec& space, const View& view) {
  return {space,
          {0, 0, 0},
          {std::int64_t(view.extent(0)), std::int64_t(view.extent(1)), std::int64_t(view.extent(2))}};
}

void require_divisor(const char* what, size_t part, size_t batch) {
  if (part == 0 || batch % part != 0)
    throw ShapeError(std::string(what) + ": expected a divisor of the batch " + std::to_string(batch) +
                     ", found " + std::to_string(part));
}

/// out[c] = sum_m map[c, m] value[m].
template <class R>
KOKKOS_INLINE_FUNCTION void expand_pixel(const Complex<R>* map, const Complex<R>* value, int coils, int sets,
                                         Complex<R>* out) {
  for (int c = 0; c < coils; ++c) {
    Complex<R> sum = 0;
    for (int m = 0; m < sets; ++m) sum += map[c * sets + m] * value[m];
    out[c] = sum;
  }
}

/// out[m] = sum_c conj(map[c, m]) in[c], or added to it.
template <class R>
KOKKOS_INLINE_FUNCTION void combine_pixel(const Complex<R>* map, const Complex<R>* in, int coils, int sets,
                                          Write write, Complex<R>* out) {
  for (int m = 0; m < sets; ++m) {
    R re = 0, im = 0;
    for (int c = 0; c < coils; ++c) {
      const Complex<R> s = map[c * sets + m], v = in[c];
      re += s.real() * v.real() + s.imag() * v.imag();
      im += s.real() * v.imag() - s.imag() * v.real();
    }
    store(write, Complex<R>(re, im), out[m]);
  }
}

}  // namespace

template <class R>
void expand_coils(const Exec& space, ConstTensor<Complex<R>, 5> maps, ConstTensor<Complex<R>, 4> x,
                  Tensor<Complex<R>, 4> u) {
  require_divisor("mri::expand_coils: slices of maps", maps.extent(0), x.extent(0));
  require_shape("mri::expand_coils: x", x, {x.extent(0), maps.extent(1), maps.extent(2), maps.extent(4)});
  require_shape("mri::expand_coils: u", u, {x.extent(0), maps.extent(1), maps.extent(2), maps.extent(3)});
  const int per_slice = int(x.extent(0) / maps.extent(0)), coils = int(maps.extent(3)),
            sets = int(maps.extent(4));
#if !defined(KOKKOS_ENABLE_CUDA)
  if constexpr (host::has_packs<R>)
    if (host::fills_packs<R>(maps.extent(3), maps.extent(4)))
      return Kokkos::parallel_for("danaus::mri::expand_coils", over_rows(space, x.extent(0), x.extent(1)),
                                  [=](int b, int j) {
                                    host::expand_row<R>(&maps(b / per_slice, j, 0, 0, 0), &x(b, j, 0, 0),
                                                        x.extent(2), size_t(coils), &u(b, j, 0, 0));
                                  });
#endif
  Kokkos::parallel_for(
      "danaus::mri::expand_coils", over_pixels(space, x), KOKKOS_LAMBDA(int b, int j, int k) {
        expand_pixel(&maps(b / per_slice, j, k, 0, 0), &x(b, j, k, 0), coils, sets, &u(b, j, k, 0));
      });
}

template <class R>
void combine_coils(const Exec& space, ConstTensor<Complex<R>, 5> maps, ConstTensor<Complex<R>, 4> u,
                   Write write, Tensor<Complex<R>, 4> x) {
  require_divisor("mri::combine_coils: slices of maps", maps.extent(0), u.extent(0));
  require_shape("mri::combine_coils: u", u, {u.extent(0), maps.extent(1), maps.extent(2), maps.extent(3)});
  require_shape("mri::combine_coils: x", x, {u.extent(0), maps.extent(1), maps.extent(2), maps.extent(4)});
  const int per_slice = int(u.extent(0) / maps.extent(0)), coils = int(maps.extent(3)),
            sets = int(maps.extent(4));
#if !defined(KOKKOS_ENABLE_CUDA)
  if constexpr (host::has_packs<R>)
    if (host::fills_packs<R>(maps.extent(3), maps.extent(4)))
      return Kokkos::parallel_for("danaus::mri::combine_coils", over_rows(space, x.extent(0), x.extent(1)),
                                  [=](int b, int j) {
                                    host::combine_row<R>(&maps(b / per_slice, j, 0, 0, 0), &u(b, j, 0, 0),
                                                         x.extent(2), size_t(coils), write, &x(b, j, 0, 0));
                                  });
#endif
  Kokkos::parallel_for(
      "danaus::mri::combine_coils", over_pixels(space, x), KOKKOS_LAMBDA(int b, int j, int k) {
        combine_pixel(&maps(b / per_slice, j, k, 0, 0), &u(b, j, k, 0), coils, sets, write, &x(b, j, k, 0));
      });
}

template <class R>
void weight_samples(const Exec& space, ConstTensor<Complex<R>, 3> weights, bool conjugated,
                    ConstTensor<Complex<R>, 4> u, Tensor<Complex<R>, 4> v) {
  require_divisor("mri::weight_samples: weights", weights.extent(0), u.extent(0));
  require_shape("mri::weight_samples: weights", weights, {weights.extent(0), u.extent(1), u.extent(2)});
  require_shape("mri::weight_samples: v", v, shape_of(u));
  const int per_weight = int(u.extent(0) / weights.extent(0)), coils = int(u.extent(3));
  Kokkos::parallel_for(
      "danaus::mri::weight_samples", over_pixels(space, u), KOKKOS_LAMBDA(int b, int j, int k) {
        Complex<R> w = weights(b / per_weight, j, k);
        if (conjugated) w = conjugate(w);
        for (int c = 0; c < coils; ++c) v(b, j, k, c) = w * u(b, j, k, c);
      });
}

template <class R>
void weight_samples_twice(const Exec& space, ConstTensor<Complex<R>, 3> weights, Tensor<Complex<R>, 4> v) {
  require_divisor("mri::weight_samples_twice: weights", weights.extent(0), v.extent(0));
  require_shape("mri::weight_samples_twice: weights", weights, {weights.extent(0), v.extent(1), v.extent(2)});
  const int per_weight = int(v.extent(0) / weights.extent(0)), coils = int(v.extent(3));
  Kokkos::parallel_for(
      "danaus::mri::weight_samples_twice", over_pixels(space, v), KOKKOS_LAMBDA(int b, int j, int k) {
        const Complex<R> w = weights(b / per_weight, j, k);
        const R power = w.real() * w.real() + w.imag() * w.imag();
        for (int c = 0; c < coils; ++c) v(b, j, k, c) *= power;
      });
}

/// The largest absolute row sum of S^H S of each row of pixels.
template <class R>
void gram_row_sums(const Exec& space, ConstTensor<Complex<R>, 5> maps, Tensor<R, 2> largest) {
  const int columns = int(maps.extent(2)), coils = int(maps.extent(3)), sets = int(maps.extent(4));
  Kokkos::parallel_for(
      "danaus::mri::gram_row_sums", over_rows(space, maps.extent(0), maps.extent(1)),
      KOKKOS_LAMBDA(int s, int j) {
        R worst = 0;
        for (int k = 0; k < columns; ++k)
          for (int m = 0; m < sets; ++m) {
            R row = 0;
            for (int c = 0; c < coils; ++c) {
              const Complex<R> map = maps(s, j, k, c, m);
              row += map.real() * map.real() + map.imag() * map.imag();
            }
            for (int n = 0; n < sets; ++n) {
              if (n == m) continue;
              Complex<R> sum = 0;
              for (int c = 0; c < coils; ++c) sum += conjugate(maps(s, j, k, c, m)) * maps(s, j, k, c, n);
              row += Kokkos::abs(sum);
            }
            worst = row > worst ? row : worst;
          }
        largest(s, j) = worst;
      });
}

template <class R>
SenseOperator<R>::SenseOperator(const Exec& space, size_t batch, ConstTensor<Complex<R>, 5> maps,
                                ConstTensor<R, 3> weights)
    : batch_(batch), shape_(shape_of(maps)) {
  require_divisor("mri::SenseOperator: slices of maps", maps.extent(0), batch);
  require_divisor("mri::SenseOperator: weights", weights.extent(0), batch);
  const size_t rows = maps.extent(1);
  require_shape("mri::SenseOperator: weights", weights, {weights.extent(0), rows, maps.extent(2)});

  const auto sums = uninitialized<R, 2>("danaus::mri::gram_row_sums", {maps.extent(0), rows});
  gram_row_sums<R>(space, maps, sums);
  space.fence("danaus::mri::SenseOperator");
  const auto host_sums = to_host(sums);
  const auto host_weights = to_host(weights);
  double gram = 0, weight = 0;
  for (size_t i = 0; i < host_sums.size(); ++i) gram = std::max(gram, double(host_sums.data()[i]));
  for (size_t i = 0; i < host_weights.size(); ++i)
    weight = std::max(weight, std::abs(double(host_weights.data()[i])));
  largest_eigenvalue_ = gram * weight * weight;
  prepare(space, maps, weights);
}

#ifdef KOKKOS_ENABLE_CUDA

template <class R>
void centre_maps(const Exec& space, ConstTensor<Complex<R>, 1> phase_y, ConstTensor<Complex<R>, 1> phase_z,
                 R scale, ConstTensor<Complex<R>, 5> maps, Tensor<Complex<R>, 5> centred) {
  const int inner = int(maps.extent(3) * maps.extent(4));
  Kokkos::parallel_for(
      "danaus::mri::centre_maps", over_pixels(space, maps), KOKKOS_LAMBDA(int s, int j, int k) {
        const Complex<R> factor = scale * phase_y(j) * phase_z(k);
        const Complex<R>* in = &maps(s, j, k, 0, 0);
        Complex<R>* out = &centred(s, j, k, 0, 0);
        for (int l = 0; l < inner; ++l) out[l] = factor * in[l];
      });
}

template <class R>
void centre_weights(const Exec& space, ConstTensor<Complex<R>, 1> phase_y, ConstTensor<Complex<R>, 1> phase_z,
                    ConstTensor<R, 3> weights, Tensor<Complex<R>, 3> centred) {
  Kokkos::parallel_for(
      "danaus::mri::centre_weights", over_pixels(space, weights), KOKKOS_LAMBDA(int w, int j, int k) {
        centred(w, j, k) = weights(w, j, k) * (phase_y(j) * phase_z(k));
      });
}

template <class R>
void SenseOperator<R>::prepare(const Exec& space, const ConstTensor<Complex<R>, 5>& maps,
                               const ConstTensor<R, 3>& weights) {
  const size_t rows = shape_[1], columns = shape_[2];
  maps_ = uninitialized<Complex<R>, 5>("danaus::mri::SenseOperator: maps", shape_);
  weights_ = uninitialized<Complex<R>, 3>("danaus::mri::SenseOperator: weights", shape_of(weights));
  const R root = R(1 / std::sqrt(double(rows * columns)));
  centre_maps<R>(space, image_phase<R>(rows), image_phase<R>(columns), root, maps, maps_);
  centre_weights<R>(space, kspace_phase<R>(rows), kspace_phase<R>(columns), weights, weights_);
  space.fence("danaus::mri::SenseOperator");
  coil_images_ = uninitialized<Complex<R>, 4>("danaus::mri::SenseOperator: coil images", kspace_shape());
  const auto geometry = fft::geometry(kspace_shape(), 1, 2);
  forward_ = std::make_shared<const fft::ComplexPlan<R>>(geometry, fft::Direction::forward);
  backward_ = std::make_shared<const fft::ComplexPlan<R>>(geometry, fft::Direction::backward);
}

template <class R>
void SenseOperator<R>::forward(const Exec& space, ConstTensor<Complex<R>, 4> x, KSpace y) const {
  require_shapes("forward", x, y);
  expand_coils<R>(space, maps_, x, y);
  (*forward_)(space, y, y);
  weight_samples<R>(space, weights_, false, y, y);
}

template <class R>
void SenseOperator<R>::adjoint(const Exec& space, ConstTensor<Complex<R>, 4> y, Image x) const {
  require_shapes("adjoint", x, y);
  weight_samples<R>(space, weights_, true, y, coil_images_);
  (*backward_)(space, coil_images_, coil_images_);
  combine_coils<R>(space, maps_, coil_images_, Write::overwrite, x);
}

template <class R>
void SenseOperator<R>::normal(const Exec& space, ConstTensor<Complex<R>, 4> x, Image z) const {
  require_shapes("normal", x, coil_images_);
  expand_coils<R>(space, maps_, x, coil_images_);
  (*forward_)(space, coil_images_, coil_images_);
  weight_samples_twice<R>(space, weights_, coil_images_);
  (*backward_)(space, coil_images_, coil_images_);
  combine_coils<R>(space, maps_, coil_images_, Write::overwrite, z);
}

template <class R>
size_t SenseOperator<R>::workspace_bytes(size_t batch, const Shape<5>& maps) {
  const size_t plane = maps[1] * maps[2];
  return sizeof(Complex<R>) * (size_of(maps) + batch * plane * maps[3] + batch * plane);
}

#else

template <class R>
void SenseOperator<R>::prepare(const Exec&, const ConstTensor<Complex<R>, 5>& maps,
                               const ConstTensor<R, 3>& weights) {
  pipeline_ = std::make_shared<const SensePipeline<R>>(batch_, maps, weights);
}

template <class R>
void SenseOperator<R>::forward(const Exec& space, ConstTensor<Complex<R>, 4> x, KSpace y) const {
  require_shapes("forward", x, y);
  space.fence("danaus::mri::SenseOperator");
  pipeline_->forward(x, y);
}

template <class R>
void SenseOperator<R>::adjoint(const Exec& space, ConstTensor<Complex<R>, 4> y, Image x) const {
  require_shapes("adjoint", x, y);
  space.fence("danaus::mri::SenseOperator");
  pipeline_->adjoint(y, x);
}

template <class R>
void SenseOperator<R>::normal(const Exec& space, ConstTensor<Complex<R>, 4> x, Image z) const {
  require_shape("mri::SenseOperator::normal: x", x, image_shape());
  require_shape("mri::SenseOperator::normal: z", z, image_shape());
  space.fence("danaus::mri::SenseOperator");
  pipeline_->normal(x, z);
}

template <class R>
size_t SenseOperator<R>::workspace_bytes(size_t batch, const Shape<5>& maps) {
  return SensePipeline<R>::workspace_bytes(batch, maps);
}

#endif

template <class R>
void SenseOperator<R>::require_shapes(const char* what, ConstTensor<Complex<R>, 4> x,
                                      ConstTensor<Complex<R>, 4> y) const {
  require_shape(std::string("mri::SenseOperator::") + what + ": image", x, image_shape());
  require_shape(std::string("mri::SenseOperator::") + what + ": samples", y, kspace_shape());
}

#define DANAUS_INSTANTIATE(R)                                                                                \
  template void expand_coils<R>(const Exec&, ConstTensor<Complex<R>, 5>, ConstTensor<Complex<R>, 4>,         \
                                Tensor<Complex<R>, 4>);                                                      \
  template void combine_coils<R>(const Exec&, ConstTensor<Complex<R>, 5>, ConstTensor<Complex<R>, 4>, Write, \
                                 Tensor<Complex<R>, 4>);                                                     \
  template void weight_samples<R>(const Exec&, ConstTensor<Complex<R>, 3>, bool, ConstTensor<Complex<R>, 4>, \
                                  Tensor<Complex<R>, 4>);                                                    \
  template void weight_samples_twice<R>(const Exec&, ConstTensor<Complex<R>, 3>, Tensor<Complex<R>, 4>);     \
  template class SenseOperator<R>;
DANAUS_FOR_EACH_REAL(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::mri
