#pragma once

#include <danaus/train/model.hpp>

#include <string>

/// The smallest model that learns something: y = sum_f sum_pq w[f, p, q] x_f shifted by (p - 1, q - 1),
/// periodic, a channel at a time. One step of the heat equation is one of them. A complex gain of the group
/// `transform`, whose real part multiplies the result, and a counter of the group `state` make up the rest of
/// what a checkpoint holds.
namespace danaus::test {

template <class T>
void stencil(const Exec& space, const ConstTensor<T, 3>& w, size_t f, const ConstTensor<Complex<T>, 1>& gain,
             const ConstTensor<T, 4>& x, Write write, const Tensor<T, 4>& y) {
  const int nx = int(x.extent(1)), ny = int(x.extent(2)), nc = int(x.extent(3));
  Kokkos::parallel_for(
      "test::stencil", over_entries(space, y), KOKKOS_LAMBDA(size_t n) {
        const int c = int(n) % nc, j = int(n) / nc % ny, i = int(n) / nc / ny % nx, b = int(n) / nc / ny / nx;
        T sum = 0;
        for (int p = 0; p < 3; ++p)
          for (int q = 0; q < 3; ++q)
            sum += w(f, p, q) * x(b, (i + p + nx - 1) % nx, (j + q + ny - 1) % ny, c);
        store(write, gain(0).real() * sum, y(b, i, j, c));
      });
}

template <class T>
void stencil_adjoint(const Exec& space, const ConstTensor<T, 3>& w, size_t f,
                     const ConstTensor<Complex<T>, 1>& gain, const ConstTensor<T, 4>& g, Write write,
                     const Tensor<T, 4>& x_grad) {
  const int nx = int(g.extent(1)), ny = int(g.extent(2)), nc = int(g.extent(3));
  Kokkos::parallel_for(
      "test::stencil_adjoint", over_entries(space, x_grad), KOKKOS_LAMBDA(size_t n) {
        const int c = int(n) % nc, j = int(n) / nc % ny, i = int(n) / nc / ny % nx, b = int(n) / nc / ny / nx;
        T sum = 0;
        for (int p = 0; p < 3; ++p)
          for (int q = 0; q < 3; ++q)
            sum += w(f, p, q) * g(b, (i - p + nx + 1) % nx, (j - q + ny + 1) % ny, c);
        store(write, gain(0).real() * sum, x_grad(b, i, j, c));
      });
}

/// One index per weight, and in the last one the gain, so that every sum runs in the same order.
template <class T>
void stencil_gradient(const Exec& space, const ConstTensor<T, 3>& w, size_t f,
                      const ConstTensor<Complex<T>, 1>& gain, const ConstTensor<T, 4>& x,
                      const ConstTensor<T, 4>& g, const Tensor<T, 3>& w_grad,
                      const Tensor<Complex<T>, 1>& gain_grad) {
  const int nx = int(g.extent(1)), ny = int(g.extent(2)), nc = int(g.extent(3)), nb = int(g.extent(0));
  Kokkos::parallel_for(
      "test::stencil_gradient", Kokkos::RangePolicy<Exec>(space, 0, 1), KOKKOS_LAMBDA(size_t) {
        for (int p = 0; p < 3; ++p)
          for (int q = 0; q < 3; ++q) {
            T sum = 0;
            for (int b = 0; b < nb; ++b)
              for (int i = 0; i < nx; ++i)
                for (int j = 0; j < ny; ++j)
                  for (int c = 0; c < nc; ++c)
                    sum += g(b, i, j, c) * x(b, (i + p + nx - 1) % nx, (j + q + ny - 1) % ny, c);
            w_grad(f, p, q) += gain(0).real() * sum;
            gain_grad(0) += Complex<T>(w(f, p, q) * sum, 0);
          }
      });
}

template <class T>
void count_up(const Exec& space, const Tensor<T, 1>& counter) {
  Kokkos::parallel_for(
      "test::count_up", over_entries(space, counter), KOKKOS_LAMBDA(size_t i) { counter(i) += T(1); });
}

/// L = sum_b |p - y| / |y|, one sample per index.
template <class T>
void relative_errors(const Exec& space, const ConstTensor<T, 4>& p, const ConstTensor<T, 4>& y,
                     const Tensor<T, 2>& norms, const Tensor<T, 0>& loss) {
  const size_t size = p.size() / p.extent(0), batch = p.extent(0);
  const T *pd = p.data(), *yd = y.data();
  Kokkos::parallel_for(
      "test::relative_errors", Kokkos::RangePolicy<Exec>(space, 0, 1), KOKKOS_LAMBDA(size_t) {
        loss() = 0;
        for (size_t b = 0; b < batch; ++b) {
          T error = 0, norm = 0;
          for (size_t i = b * size; i < (b + 1) * size; ++i) {
            error += (pd[i] - yd[i]) * (pd[i] - yd[i]);
            norm += yd[i] * yd[i];
          }
          norms(b, 0) = Kokkos::sqrt(error);
          norms(b, 1) = Kokkos::sqrt(norm);
          loss() += norms(b, 0) / norms(b, 1);
        }
      });
}
template <class T>
void relative_errors_adjoint(const Exec& space, const ConstTensor<T, 4>& p, const ConstTensor<T, 4>& y,
                             const ConstTensor<T, 2>& norms, const ConstTensor<T, 0>& g, Write write,
                             const Tensor<T, 4>& p_grad) {
  const size_t size = p.size() / p.extent(0);
  const T *pd = p.data(), *yd = y.data();
  T* out = p_grad.data();
  Kokkos::parallel_for(
      "test::relative_errors_adjoint", over_entries(space, p), KOKKOS_LAMBDA(size_t i) {
        const size_t b = i / size;
        const T scale = norms(b, 0) * norms(b, 1);
        store(write, scale > 0 ? g() * (pd[i] - yd[i]) / scale : T(0), out[i]);
      });
}

template <class T>
Var<T, 0> relative_l2(Tape& tape, const Var<T, 4>& p, const Tensor<T, 4>& y) {
  const auto loss = tape.output<T, 0>({});
  const auto norms = tape.saved<T, 2>({p.value.extent(0), 2});
  relative_errors<T>(tape.space(), p.value, y, norms, loss.value);
  tape.record("test::relative_l2", loss, [=](const Exec& space) {
    if (!p.is_tracked()) return;
    const Write write = p.claim_grad();
    relative_errors_adjoint<T>(space, p.value, y, norms, loss.grad(), write, p.grad());
  });
  return loss;
}

template <class T>
class StencilModel : public train::Model<T> {
 public:
  explicit StencilModel(size_t history = 1)
      : weights_(this->parameters_.template add<T, 3>("layer_0/stencil", {history, 3, 3})),
        gain_(this->parameters_.template add<Complex<T>, 1>("layer_0/gain", {1}, ParameterGroup::transform)),
        steps_(this->parameters_.template add<T, 1>("layer_0/steps", {1}, ParameterGroup::state)),
        scale_(this->parameters_.template add<T, 1>("normalizer/scale", {1}, ParameterGroup::state)) {
    this->parameters_.freeze();
    fill(gain_.value(), Complex<T>(1, 0));
  }

  train::Frame<T> step(Tape& tape, const std::vector<train::Frame<T>>& history) override {
    const auto y = tape.output<T, 4>(shape_of(history[0].value));
    for (size_t f = 0; f < history.size(); ++f)
      stencil<T>(tape.space(), weights_.value(), f, gain_.value(), history[f].value,
                 f ? Write::accumulate : Write::overwrite, y.value);
    if (training_) count_up<T>(tape.space(), steps_.value());
    tape.record("test::StencilModel", y, [this, history, y](const Exec& space) {
      for (size_t f = 0; f < history.size(); ++f) {
        const auto& x = history[f];
        stencil_gradient<T>(space, weights_.value(), f, gain_.value(), x.value, y.grad(), weights_.grad(),
                            gain_.grad());
        if (!x.is_tracked()) continue;
        const Write write = x.claim_grad();
        stencil_adjoint<T>(space, weights_.value(), f, gain_.value(), y.grad(), write, x.grad());
      }
    });
    return y;
  }

  void fit_normalizer(const std::vector<Tensor<T, 4>>& inputs,
                      const std::vector<Tensor<T, 4>>& targets) override {
    T frames = 0;
    for (const auto& x : inputs) frames += T(x.extent(0));
    for (const auto& y : targets) frames += T(y.extent(0));
    fill(scale_.value(), frames);
  }
  void set_training(bool training) override { training_ = training; }

  std::map<std::string, std::string> hyper_parameters() const override {
    return {{"model", "stencil"}, {"history", std::to_string(weights_.shape()[0])}};
  }

  Parameter<T, 3> weights() const { return weights_; }

 private:
  Parameter<T, 3> weights_;
  Parameter<Complex<T>, 1> gain_;
  Parameter<T, 1> steps_, scale_;
  bool training_ = false;
};

/// Trajectories u[t + 1] = u[t] + rate (sum of the four neighbours - 4 u[t]) from random smooth fields,
/// (sample, x, y, frame, channel).
template <class T>
Tensor<T, 5> heat_trajectories(size_t samples, size_t n, size_t frames, size_t channels = 1,
                               double rate = 0.1);

}  // namespace danaus::test
