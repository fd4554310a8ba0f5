#include <danaus/nn/batch_norm.hpp>

#include <danaus/core/instantiate.hpp>

#include "partial_sums.hpp"

namespace danaus::nn {

/// moments(0, c) = mean, moments(1, c) = 1 / sqrt(variance + epsilon), from the batch; the running ones
/// follow.
template <class T>
void batch_moments(const Exec& space, const Tensor<T, 4>& x, const Tensor<double, 3>& partial,
                   const Tensor<double, 2>& moments, const Tensor<T, 1>& running_mean,
                   const Tensor<T, 1>& running_variance) {
  const size_t channels = x.extent(3), points = x.size() / channels;
  using Range = Indices<2>;
  const auto sum_parts = [&](bool squares) {
    Kokkos::parallel_for(
        "danaus::nn::BatchNorm (partial)", Range(space, {0, 0}, {long(gradient_parts), long(channels)}),
        KOKKOS_LAMBDA(long part, long c) {
          double sum = 0;
          for (size_t p = points * size_t(part) / gradient_parts;
               p < points * size_t(part + 1) / gradient_parts; ++p) {
            const double value = double(x.data()[p * channels + size_t(c)]) - (squares ? moments(0, c) : 0.0);
            sum += squares ? value * value : value;
          }
          partial(part, c, squares ? 1 : 0) = sum;
        });
  };
  sum_parts(false);
  Kokkos::parallel_for(
      "danaus::nn::BatchNorm (mean)", Kokkos::RangePolicy<Exec>(space, 0, channels), KOKKOS_LAMBDA(size_t c) {
        double sum = 0;
        for (size_t part = 0; part < gradient_parts; ++part) sum += partial(part, c, 0);
        moments(0, c) = sum / double(points);
      });
  sum_parts(true);
  const double epsilon = BatchNorm<T>::epsilon, momentum = BatchNorm<T>::momentum;
  Kokkos::parallel_for(
      "danaus::nn::BatchNorm (variance)", Kokkos::RangePolicy<Exec>(space, 0, channels),
      KOKKOS_LAMBDA(size_t c) {
        double sum = 0;
        for (size_t part = 0; part < gradient_parts; ++part) sum += partial(part, c, 1);
        moments(1, c) = 1.0 / Kokkos::sqrt(sum / double(points) + epsilon);
        const double unbiased = points > 1 ? sum / double(points - 1) : sum;
        running_mean(c) = T((1 - momentum) * double(running_mean(c)) + momentum * moments(0, c));
        running_variance(c) = T((1 - momentum) * double(running_variance(c)) + momentum * unbiased);
      });
}

template <class T>
void running_moments(const Exec& space, const Tensor<T, 1>& mean, const Tensor<T, 1>& variance,
                     const Tensor<double, 2>& moments) {
  const double epsilon = BatchNorm<T>::epsilon;
  Kokkos::parallel_for(
      "danaus::nn::BatchNorm (running)", Kokkos::RangePolicy<Exec>(space, 0, mean.size()),
      KOKKOS_LAMBDA(size_t c) {
        moments(0, c) = double(mean(c));
        moments(1, c) = 1.0 / Kokkos::sqrt(double(variance(c)) + epsilon);
      });
}

template <class T>
void normalize(const Exec& space, const Tensor<T, 4>& x, const Tensor<double, 2>& moments,
               const Tensor<T, 1>& gain, const Tensor<T, 1>& offset, Activation activation,
               const Tensor<T, 4>& y) {
  const size_t channels = x.extent(3);
  Kokkos::parallel_for(
      "danaus::nn::BatchNorm (normalize)", over_entries(space, x), KOKKOS_LAMBDA(size_t q) {
        const size_t c = q % channels;
        const T normal = T((double(x.data()[q]) - moments(0, c)) * moments(1, c));
        y.data()[q] = activate(activation, gain(c) * normal + offset(c));
      });
}

/// partial(part, c, 0) = sum g, partial(part, c, 1) = sum g * normal, with g the gradient before the
/// activation.
template <class T>
void gradient_sums(const Exec& space, const Tensor<T, 4>& x, const Tensor<T, 4>& y_grad,
                   const Tensor<double, 2>& moments, const Tensor<T, 1>& gain, const Tensor<T, 1>& offset,
                   Activation activation, const Tensor<double, 3>& partial, const Tensor<double, 2>& sums,
                   const Tensor<T, 1>& gain_grad, const Tensor<T, 1>& offset_grad) {
  const size_t channels = x.extent(3), points = x.size() / channels;
  using Range = Indices<2>;
  Kokkos::parallel_for(
      "danaus::nn::BatchNorm (partial gradient)",
      Range(space, {0, 0}, {long(gradient_parts), long(channels)}), KOKKOS_LAMBDA(long part, long c) {
        double sum = 0, product = 0;
        for (size_t p = points * size_t(part) / gradient_parts;
             p < points * size_t(part + 1) / gradient_parts; ++p) {
          const size_t q = p * channels + size_t(c);
          const double normal = (double(x.data()[q]) - moments(0, c)) * moments(1, c);
          const double g = double(y_grad.data()[q] * slope(activation, T(gain(c) * T(normal) + offset(c))));
          sum += g;
          product += g * normal;
        }
        partial(part, c, 0) = sum;
        partial(part, c, 1) = product;
      });
  Kokkos::parallel_for(
      "danaus::nn::BatchNorm (gradient)", Kokkos::RangePolicy<Exec>(space, 0, channels),
      KOKKOS_LAMBDA(size_t c) {
        double sum = 0, product = 0;
        for (size_t part = 0; part < gradient_parts; ++part) {
          sum += partial(part, c, 0);
          product += partial(part, c, 1);
        }
        sums(0, c) = sum / double(points);
        sums(1, c) = product / double(points);
        offset_grad(c) += T(sum);
        gain_grad(c) += T(product);
      });
}

/// x_grad = gain / deviation (g - mean(g) - normal mean(g normal)) in training, gain / deviation g in
/// evaluation.
template <class T>
void normalize_backward(const Exec& space, const Tensor<T, 4>& x, const Tensor<T, 4>& y_grad,
                        const Tensor<double, 2>& moments, const Tensor<double, 2>& sums,
                        const Tensor<T, 1>& gain, const Tensor<T, 1>& offset, Activation activation,
                        bool training, Write write, const Tensor<T, 4>& x_grad) {
  const size_t channels = x.extent(3);
  Kokkos::parallel_for(
      "danaus::nn::BatchNorm (backward)", over_entries(space, x), KOKKOS_LAMBDA(size_t q) {
        const size_t c = q % channels;
        const double normal = (double(x.data()[q]) - moments(0, c)) * moments(1, c);
        double g = double(y_grad.data()[q] * slope(activation, T(gain(c) * T(normal) + offset(c))));
        if (training) g -= sums(0, c) + normal * sums(1, c);
        store(write, T(double(gain(c)) * moments(1, c) * g), x_grad.data()[q]);
      });
}

template <class T>
Var<T, 4> BatchNorm<T>::operator()(Tape& tape, const Var<T, 4>& x, bool training) const {
  const auto shape = shape_of(x.value);
  require_shape("BatchNorm", x.value, {shape[0], shape[1], shape[2], gain_.shape()[0]});
  const auto& space = tape.space();
  Workspace& scratch = tape.scratch();
  const size_t channels = shape[3];
  auto y = tape.output<T, 4>(shape);
  const auto moments = tape.saved<double, 2>({2, channels});
  if (training) {
    const auto mark = scratch.mark();
    const auto partial = scratch.take<double, 3>({gradient_parts, channels, 2});
    batch_moments<T>(space, x.value, partial, moments, running_mean_.value(), running_variance_.value());
    scratch.release(mark);
  } else {
    running_moments<T>(space, running_mean_.value(), running_variance_.value(), moments);
  }
  normalize<T>(space, x.value, moments, gain_.value(), offset_.value(), activation_, y.value);

  tape.record("danaus::nn::BatchNorm", y,
              [layer = *this, x, y, moments, training, &scratch](const Exec& space) {
                const size_t channels = x.value.extent(3);
                const auto mark = scratch.mark();
                const auto partial = scratch.take<double, 3>({gradient_parts, channels, 2});
                const auto sums = scratch.take<double, 2>({2, channels});
                const auto gain = layer.gain_.value(), offset = layer.offset_.value();
                gradient_sums<T>(space, x.value, y.grad(), moments, gain, offset, layer.activation_, partial,
                                 sums, layer.gain_.grad(), layer.offset_.grad());
                if (x.is_tracked()) {
                  const Write write = x.claim_grad();
                  normalize_backward<T>(space, x.value, y.grad(), moments, sums, gain, offset,
                                        layer.activation_, training, write, x.grad());
                }
                scratch.release(mark);
              });
  return y;
}

#define DANAUS_INSTANTIATE(T) template class BatchNorm<T>;
DANAUS_FOR_EACH_REAL(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::nn
