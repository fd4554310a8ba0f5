#include <danaus/nn/instance_norm.hpp>

#include <danaus/core/instantiate.hpp>

#include "channel_lanes.hpp"
#include "partial_sums.hpp"

namespace danaus::nn {

inline constexpr double instance_epsilon = 1e-5;

/// What all kernels below see: a sample's points are cut into gradient_parts ranges.
template <class T>
struct Instances {
  ConstTensor<T, 4> x;
  size_t points, channels;

  explicit Instances(const ConstTensor<T, 4>& x_)
      : x(x_), points(x_.extent(1) * x_.extent(2)), channels(x_.extent(3)) {}

  KOKKOS_FUNCTION size_t begin(size_t part) const { return points * part / gradient_parts; }
  KOKKOS_FUNCTION size_t entry(size_t sample, size_t point, size_t c) const {
    return (sample * points + point) * channels + c;
  }
  /// One per sample, part and block of channels.
  size_t items() const { return x.extent(0) * gradient_parts * channel_blocks(channels); }
};

/// Sums over the points of a part of x - x_0 and its square, x_0 the channel's first value in the sample:
/// without it the variance of numbers far from 0 would be lost.
template <class T>
struct PartialMoments {
  Instances<T> in;
  Tensor<double, 4> partial;  // (sample, part, which, channel)
  size_t sample, part;

  template <int L>
  KOKKOS_FUNCTION void lanes(size_t c) const {
    const T* x = in.x.data();
    double sum[L] = {}, square[L] = {};
    T first[L];
    for (int l = 0; l < L; ++l) first[l] = x[in.entry(sample, 0, c) + l];
    for (size_t p = in.begin(part); p < in.begin(part + 1); ++p) {
      const T* values = x + in.entry(sample, p, c);
      for (int l = 0; l < L; ++l) {
        const double d = double(values[l]) - double(first[l]);
        sum[l] += d;
        square[l] += d * d;
      }
    }
    for (int l = 0; l < L; ++l) {
      partial(sample, part, 0, c + l) = sum[l];
      partial(sample, part, 1, c + l) = square[l];
    }
  }
};

template <class T>
struct Normalize {
  Instances<T> in;
  ConstTensor<T, 3> moments;
  T negative_slope;
  Tensor<T, 4> y;
  size_t sample, part;

  template <int L>
  KOKKOS_FUNCTION void lanes(size_t c) const {
    T mean[L], scale[L];
    for (int l = 0; l < L; ++l) mean[l] = moments(sample, 0, c + l), scale[l] = moments(sample, 1, c + l);
    for (size_t p = in.begin(part); p < in.begin(part + 1); ++p) {
      const T* values = in.x.data() + in.entry(sample, p, c);
      T* results = y.data() + in.entry(sample, p, c);
      for (int l = 0; l < L; ++l) {
        const T normal = (values[l] - mean[l]) * scale[l];
        results[l] = normal > T(0) ? normal : negative_slope * normal;
      }
    }
  }
};

/// Sums over the points of a part of g and g * normal, with g the gradient before the leaky ReLU.
template <class T>
struct PartialGradients {
  Instances<T> in;
  ConstTensor<T, 4> y_grad;
  ConstTensor<T, 3> moments;
  T negative_slope;
  Tensor<double, 4> partial;
  size_t sample, part;

  template <int L>
  KOKKOS_FUNCTION void lanes(size_t c) const {
    double sum[L] = {}, product[L] = {};
    T mean[L], scale[L];
    for (int l = 0; l < L; ++l) mean[l] = moments(sample, 0, c + l), scale[l] = moments(sample, 1, c + l);
    for (size_t p = in.begin(part); p < in.begin(part + 1); ++p) {
      const T* values = in.x.data() + in.entry(sample, p, c);
      const T* grads = y_grad.data() + in.entry(sample, p, c);
      for (int l = 0; l < L; ++l) {
        const T normal = (values[l] - mean[l]) * scale[l];
        const T g = normal > T(0) ? grads[l] : negative_slope * grads[l];
        sum[l] += double(g);
        product[l] += double(g) * double(normal);
      }
    }
    for (int l = 0; l < L; ++l) {
      partial(sample, part, 0, c + l) = sum[l];
      partial(sample, part, 1, c + l) = product[l];
    }
  }
};

/// x_grad = scale (g - mean(g) - normal mean(g normal)).
template <class T>
struct NormalizeBackward {
  Instances<T> in;
  ConstTensor<T, 4> y_grad;
  ConstTensor<T, 3> moments, means;
  T negative_slope;
  Write write;
  Tensor<T, 4> x_grad;
  size_t sample, part;

  template <int L>
  KOKKOS_FUNCTION void lanes(size_t c) const {
    T mean[L], scale[L], g_mean[L], product[L];
    for (int l = 0; l < L; ++l) {
      mean[l] = moments(sample, 0, c + l), scale[l] = moments(sample, 1, c + l);
      g_mean[l] = means(sample, 0, c + l), product[l] = means(sample, 1, c + l);
    }
    for (size_t p = in.begin(part); p < in.begin(part + 1); ++p) {
      const T* values = in.x.data() + in.entry(sample, p, c);
      const T* grads = y_grad.data() + in.entry(sample, p, c);
      T* results = x_grad.data() + in.entry(sample, p, c);
      for (int l = 0; l < L; ++l) {
        const T normal = (values[l] - mean[l]) * scale[l];
        const T g = normal > T(0) ? grads[l] : negative_slope * grads[l];
        store(write, scale[l] * (g - g_mean[l] - normal * product[l]), results[l]);
      }
    }
  }
};

/// Sample, part and block of an item.
template <class Body>
KOKKOS_FORCEINLINE_FUNCTION void run_item(Body body, size_t item, size_t blocks, size_t channels) {
  body.sample = item / blocks / gradient_parts;
  body.part = item / blocks % gradient_parts;
  for_block(body, item % blocks, channels);
}

/// moments (sample, which, channel): mean and 1 / sqrt(variance + epsilon)
template <class T>
void instance_moments(const Exec& space, const ConstTensor<T, 4>& x, const Tensor<double, 4>& partial,
                      const Tensor<T, 3>& moments) {
  const PartialMoments<T> body{Instances<T>(x), partial, 0, 0};
  const size_t channels = x.extent(3), blocks = channel_blocks(channels), points = body.in.points;
  Kokkos::parallel_for(
      "danaus::nn::instance_norm (partial)", Kokkos::RangePolicy<Exec>(space, 0, body.in.items()),
      KOKKOS_LAMBDA(size_t item) { run_item(body, item, blocks, channels); });
  Kokkos::parallel_for(
      "danaus::nn::instance_norm (moments)", Kokkos::RangePolicy<Exec>(space, 0, x.extent(0) * channels),
      KOKKOS_LAMBDA(size_t item) {
        const size_t b = item / channels, c = item % channels;
        double sum = 0, square = 0;
        for (size_t part = 0; part < gradient_parts; ++part) {
          sum += partial(b, part, 0, c);
          square += partial(b, part, 1, c);
        }
        const double shift = sum / double(points);
        const double variance = Kokkos::max(square / double(points) - shift * shift, 0.0);
        moments(b, 0, c) = T(double(x.data()[b * points * channels + c]) + shift);
        moments(b, 1, c) = T(1 / Kokkos::sqrt(variance + instance_epsilon));
      });
}

template <class T>
void normalize_instances(const Exec& space, const ConstTensor<T, 4>& x, const ConstTensor<T, 3>& moments,
                         double negative_slope, const Tensor<T, 4>& y) {
  const Normalize<T> body{Instances<T>(x), moments, T(negative_slope), y, 0, 0};
  const size_t channels = x.extent(3), blocks = channel_blocks(channels);
  Kokkos::parallel_for(
      "danaus::nn::instance_norm", Kokkos::RangePolicy<Exec>(space, 0, body.in.items()),
      KOKKOS_LAMBDA(size_t item) { run_item(body, item, blocks, channels); });
}

template <class T>
void instance_norm_backward(const Exec& space, const ConstTensor<T, 4>& x, const ConstTensor<T, 4>& y_grad,
                            const ConstTensor<T, 3>& moments, double negative_slope,
                            const Tensor<double, 4>& partial, const Tensor<T, 3>& means, Write write,
                            const Tensor<T, 4>& x_grad) {
  const Instances<T> in(x);
  const size_t channels = in.channels, blocks = channel_blocks(channels), points = in.points;
  const PartialGradients<T> sums{in, y_grad, moments, T(negative_slope), partial, 0, 0};
  Kokkos::parallel_for(
      "danaus::nn::instance_norm_backward (partial)", Kokkos::RangePolicy<Exec>(space, 0, in.items()),
      KOKKOS_LAMBDA(size_t item) { run_item(sums, item, blocks, channels); });
  Kokkos::parallel_for(
      "danaus::nn::instance_norm_backward (means)",
      Kokkos::RangePolicy<Exec>(space, 0, x.extent(0) * channels), KOKKOS_LAMBDA(size_t item) {
        const size_t b = item / channels, c = item % channels;
        for (int which = 0; which < 2; ++which) {
          double sum = 0;
          for (size_t part = 0; part < gradient_parts; ++part) sum += partial(b, part, which, c);
          means(b, which, c) = T(sum / double(points));
        }
      });
  const NormalizeBackward<T> body{in, y_grad, moments, means, T(negative_slope), write, x_grad, 0, 0};
  Kokkos::parallel_for(
      "danaus::nn::instance_norm_backward", Kokkos::RangePolicy<Exec>(space, 0, in.items()),
      KOKKOS_LAMBDA(size_t item) { run_item(body, item, blocks, channels); });
}

template <class T>
Var<T, 4> instance_norm(Tape& tape, const Var<T, 4>& x, double negative_slope) {
  const auto shape = shape_of(x.value);
  if (size_of(shape) == 0)
    throw ShapeError("instance_norm: expected at least one point and channel, found shape " +
                     to_string(shape));
  const Shape<4> partial_shape{shape[0], gradient_parts, 2, shape[3]};
  Workspace& scratch = tape.scratch();
  auto y = tape.output<T, 4>(shape);
  const auto moments = tape.saved<T, 3>({shape[0], 2, shape[3]});
  const auto mark = scratch.mark();
  instance_moments<T>(tape.space(), x.value, scratch.take<double, 4>(partial_shape), moments);
  scratch.release(mark);
  normalize_instances<T>(tape.space(), x.value, moments, negative_slope, y.value);

  tape.record("danaus::nn::instance_norm", y,
              [x, y, moments, negative_slope, partial_shape, &scratch](const Exec& space) {
                if (!x.is_tracked()) return;
                const Write write = x.claim_grad();
                const auto mark = scratch.mark();
                const auto partial = scratch.take<double, 4>(partial_shape);
                const auto means = scratch.take<T, 3>(shape_of(moments));
                instance_norm_backward<T>(space, x.value, y.grad(), moments, negative_slope, partial, means,
                                          write, x.grad());
                scratch.release(mark);
              });
  return y;
}

#define DANAUS_INSTANTIATE(T) template Var<T, 4> instance_norm<T>(Tape&, const Var<T, 4>&, double);
DANAUS_FOR_EACH_REAL(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::nn
