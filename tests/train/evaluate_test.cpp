#include <danaus/train/evaluate.hpp>

#include "stencil_model.hpp"

#include <support/catch.hpp>

using namespace danaus;
using namespace danaus::train;
using test::StencilModel;

TEST_CASE("full roll-outs are scored as a naive loop does", "[train]") {
  StencilModel<double> model(2);
  HostTensor<double, 3> w("w", 2, 3, 3);
  for (size_t i = 0; i < 18; ++i) w.data()[i] = 0.02 * double(i);
  copy(model.weights().value(), w);
  const size_t n = 4, samples = 5, history = 2, steps = 3;
  const auto u = test::heat_trajectories<double>(samples, n, history + steps);
  MemorySource<double> source(u, "");
  Tape tape;
  // Samples 1 ... 4 in batches of 3 and 1.
  const auto found = evaluate<double>(tape, model, source, {1, 5}, {history, steps, 3});

  const auto host = to_host(u);
  double mean = 0;
  std::vector<double> per_step(steps);
  for (size_t s = 1; s < samples; ++s) {
    std::vector<std::vector<double>> frames(2, std::vector<double>(n * n));
    for (size_t f = 0; f < 2; ++f)
      for (size_t i = 0; i < n * n; ++i) frames[f][i] = host(s, i / n, i % n, f, 0);
    double error = 0, norm = 0;
    for (size_t t = 0; t < steps; ++t) {
      std::vector<double> next(n * n);
      double step_error = 0, step_norm = 0;
      for (size_t i = 0; i < n; ++i)
        for (size_t j = 0; j < n; ++j) {
          for (size_t f = 0; f < 2; ++f)
            for (size_t p = 0; p < 3; ++p)
              for (size_t q = 0; q < 3; ++q)
                next[i * n + j] +=
                    w(f, p, q) * frames[frames.size() - 2 + f][(i + p + n - 1) % n * n + (j + q + n - 1) % n];
          const double y = host(s, i, j, history + t, 0);
          step_error += std::pow(next[i * n + j] - y, 2);
          step_norm += y * y;
        }
      frames.push_back(next);
      per_step[t] += std::sqrt(step_error / step_norm) / 4;
      error += step_error;
      norm += step_norm;
    }
    mean += std::sqrt(error / norm) / 4;
  }
  CHECK(found.samples == 4);
  CHECK(found.relative_l2 == Approx(mean).epsilon(1e-12));
  REQUIRE(found.relative_l2_per_step.size() == steps);
  for (size_t t = 0; t < steps; ++t)
    CHECK(found.relative_l2_per_step[t] == Approx(per_step[t]).epsilon(1e-12));
}
