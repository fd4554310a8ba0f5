#include <danaus/nn/relative_l2.hpp>

#include <danaus/core/instantiate.hpp>

namespace danaus::nn {

/// norms(b, 0) = || p - y ||, norms(b, 1) = || y ||; one part of the sample after the other.
template <class T>
void sample_norms(const Exec& space, const Tensor<T, 4>& p, const Tensor<T, 4>& y,
                  const Tensor<double, 3>& partial, const Tensor<double, 2>& norms) {
  const size_t size = p.extent(1) * p.extent(2) * p.extent(3), parts = partial.extent(1);
  using Range = Indices<2>;
  Kokkos::parallel_for(
      "danaus::nn::relative_l2 (partial norms)", Range(space, {0, 0}, {long(p.extent(0)), long(parts)}),
      KOKKOS_LAMBDA(long b, long part) {
        double difference = 0, reference = 0;
        for (size_t q = size * size_t(part) / parts; q < size * size_t(part + 1) / parts; ++q) {
          const double target = double(y.data()[size_t(b) * size + q]);
          const double d = double(p.data()[size_t(b) * size + q]) - target;
          difference += d * d;
          reference += target * target;
        }
        partial(b, part, 0) = difference;
        partial(b, part, 1) = reference;
      });
  Kokkos::parallel_for(
      "danaus::nn::relative_l2 (norms)", Kokkos::RangePolicy<Exec>(space, 0, p.extent(0)),
      KOKKOS_LAMBDA(size_t b) {
        for (int which = 0; which < 2; ++which) {
          double sum = 0;
          for (size_t part = 0; part < parts; ++part) sum += partial(b, part, which);
          norms(b, which) = Kokkos::sqrt(sum);
        }
        if (norms(b, 1) == 0) norms(b, 1) = 1;
      });
}

template <class T>
void relative_l2_sum(const Exec& space, const Tensor<double, 2>& norms, const Tensor<T, 0>& loss) {
  Kokkos::parallel_for(
      "danaus::nn::relative_l2 (sum)", Kokkos::RangePolicy<Exec>(space, 0, 1), KOKKOS_LAMBDA(int) {
        double sum = 0;
        for (size_t b = 0; b < norms.extent(0); ++b) sum += norms(b, 0) / norms(b, 1);
        loss() = T(sum);
      });
}

template <class T>
void relative_l2_backward(const Exec& space, const Tensor<T, 4>& p, const Tensor<T, 4>& y,
                          const Tensor<double, 2>& norms, const Tensor<T, 0>& loss_grad, Write write,
                          const Tensor<T, 4>& p_grad) {
  const size_t size = p.extent(1) * p.extent(2) * p.extent(3);
  Kokkos::parallel_for(
      "danaus::nn::relative_l2_backward", over_entries(space, p), KOKKOS_LAMBDA(size_t q) {
        const size_t b = q / size;
        const double factor = norms(b, 0) > 0 ? double(loss_grad()) / (norms(b, 0) * norms(b, 1)) : 0.0;
        store(write, T(factor * (double(p.data()[q]) - double(y.data()[q]))), p_grad.data()[q]);
      });
}

template <class T>
Var<T, 0> relative_l2(Tape& tape, const Var<T, 4>& prediction, const Tensor<T, 4>& target) {
  require_shape("relative_l2: target", target, shape_of(prediction.value));
  const size_t batch = target.extent(0), parts = 8;
  auto loss = tape.output<T, 0>({});
  const auto norms = tape.saved<double, 2>({batch, 2});
  const auto mark = tape.scratch().mark();
  const auto partial = tape.scratch().template take<double, 3>({batch, parts, 2});
  sample_norms<T>(tape.space(), prediction.value, target, partial, norms);
  relative_l2_sum<T>(tape.space(), norms, loss.value);
  tape.scratch().release(mark);

  tape.record("danaus::nn::relative_l2", loss, [prediction, target, norms, loss](const Exec& space) {
    if (!prediction.is_tracked()) return;
    const Write write = prediction.claim_grad();
    relative_l2_backward<T>(space, prediction.value, target, norms, loss.grad(), write, prediction.grad());
  });
  return loss;
}

#define DANAUS_INSTANTIATE(T) template Var<T, 0> relative_l2<T>(Tape&, const Var<T, 4>&, const Tensor<T, 4>&);
DANAUS_FOR_EACH_REAL(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::nn
