#include "monarch_side.hpp"
#include "transform_cases.hpp"

#include <danaus/linalg/blas.hpp>

#include <cblas.h>

#include <cmath>
#include <numbers>

namespace danaus::app {
namespace {

using Z = std::complex<float>;

std::vector<Z> dft_matrix(size_t n) {
  std::vector<Z> root(n), matrix(n * n);
  for (size_t q = 0; q < n; ++q) {
    const double angle = -2 * std::numbers::pi * double(q) / double(n);
    root[q] = {float(std::cos(angle)), float(std::sin(angle))};
  }
  for (size_t k = 0; k < n; ++k)
    for (size_t j = 0; j < n; ++j) matrix[k * n + j] = root[k * j % n];
  return matrix;
}

}  // namespace

void bench_dense(const BenchContext& context, size_t n, Json& results) {
  const size_t tiles = n > 2048 ? 4 : 8, vectors = tiles * tile_lanes;
  const LaneTransform ours = tuned_lane_transform(n, TransformKind::complex, tiles);
  ours.run();

  const auto matrix = dft_matrix(n);
  std::vector<Z> x(n * vectors), y(n * vectors);
  const auto input = ours.input();
  for (size_t point = 0; point < n; ++point)
    for (size_t vector = 0; vector < vectors; ++vector) x[point * vectors + vector] = input(vector, point);
  const auto multiply = [&] {
    const Z one(1), zero(0);
    const int rows = int(n), columns = int(vectors);
    cblas_cgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, rows, columns, rows, &one, matrix.data(), rows,
                x.data(), columns, &zero, y.data(), columns);
  };
  linalg::set_blas_threads(Exec{}.concurrency());
  multiply();
  const std::string rival = "dense complex matrix product, OpenBLAS";
  require_same(rival, vectors, n, ours.output(),
               [&](size_t vector, size_t point) { return y[point * vectors + vector]; });
  const auto samples = time_in_turn({{[&] { ours.run(); }}, {multiply}}, context.timing);
  linalg::set_blas_threads(1);

  Case what{.name = "complex 1-D against the dense matrix",
            .size = "n = " + std::to_string(n) + ", " + std::to_string(vectors) + " vectors",
            .rival = rival,
            .flops = ours.flops(),
            .bytes = ours.bytes()};
  if (n == 256) what.goal = 9;
  if (n == 1024) what.goal = 17;
  if (n == 4096) what.goal = 30;
  results.push_back(compared_row(what, paired(samples[0], samples[1]), context.roofs));
}

}  // namespace danaus::app
