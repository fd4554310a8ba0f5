// The small products of CPU kernels; builds for GPUs do not have them.
#include <Kokkos_Core.hpp>
#if !defined(KOKKOS_ENABLE_CUDA)

#include <danaus/core/complex_lanes.hpp>
#include <danaus/core/dense_rows.hpp>

#include <support/catch.hpp>
#include <support/random.hpp>

#include <cmath>
#include <vector>

using namespace danaus;

namespace {

template <class T>
std::vector<T> normal_values(size_t count, size_t stream) {
  const auto values = to_host(test::normal<T, 1>({count}, stream));
  return {values.data(), values.data() + count};
}

/// Whole packs; groups of four behind one pack, two, three and none; neither; less than a group.
std::vector<size_t> column_counts() {
  return {1, 3, 4, 8, 12, 16, 18, 20, 24, 28, 32, 36, 37, 40, 44, 52, 64};
}

}  // namespace

TEMPLATE_TEST_CASE("dense rows equal their sums, whatever shares a pack", "[core]", float, double) {
  using T = TestType;
  const size_t points = GENERATE(1, 7, 41), depth = GENERATE(1, 6, 20);
  const bool with_bias = GENERATE(false, true);
  const auto write = GENERATE(Write::overwrite, Write::accumulate);
  for (const size_t columns : column_counts()) {
    INFO(points << " points, " << depth << " x " << columns);
    const size_t ldx = depth + 3;
    const auto x = normal_values<T>(points * ldx, 1), w = normal_values<T>(depth * columns, 2),
               bias = normal_values<T>(columns, 3), before = normal_values<T>(points * columns + 1, 4);
    std::vector<T> packed(depth * simd::padded<T>(columns)), packed_bias(simd::padded<T>(columns));
    simd::pack_weights(w.data(), depth, columns, packed.data());
    simd::pack_weights(bias.data(), 1, columns, packed_bias.data());
    const T* b = with_bias ? packed_bias.data() : nullptr;
    auto y = before, alone = before;
    simd::dense_rows(points, depth, columns, x.data(), ldx, packed.data(), b, write, y.data(), columns);
    double worst = 0;
    for (size_t p = 0; p < points; ++p) {
      for (size_t n = 0; n < columns; ++n) {
        double sum = with_bias ? double(bias[n]) : 0;
        if (write == Write::accumulate) sum += double(before[p * columns + n]);
        for (size_t k = 0; k < depth; ++k) sum += double(x[p * ldx + k]) * double(w[k * columns + n]);
        worst = std::max(worst, std::abs(sum - double(y[p * columns + n])));
      }
      simd::dense_rows(1, depth, columns, x.data() + p * ldx, ldx, packed.data(), b, write,
                       alone.data() + p * columns, columns);
    }
    // At most 22 terms, products of two normals below 16: depth * eps / 2 of their sum of sizes.
    CHECK(worst <= 0.5 * double(depth + 2) * 16 * double(depth + 2) * test::epsilon<T>());
    CHECK(y.back() == before.back());  // nothing behind the rows is touched
    // One by one: the same sums, of which the compiler may fuse other products with additions.
    double apart = 0;
    for (size_t i = 0; i < y.size(); ++i) apart = std::max(apart, std::abs(double(y[i]) - double(alone[i])));
    CHECK(apart <= 16 * double(depth + 2) * test::epsilon<T>());
  }
}

TEMPLATE_TEST_CASE("gradients of dense weights equal their sums", "[core]", float, double) {
  using T = TestType;
  const size_t points = GENERATE(1, 7, 41), depth = GENERATE(1, 6, 21);
  for (const size_t columns : column_counts()) {
    INFO(points << " points, " << depth << " x " << columns);
    const size_t ld = simd::padded<T>(columns);
    const auto x = normal_values<T>(points * depth, 1), dy = normal_values<T>(points * columns, 2);
    std::vector<T> dw(depth * ld, T(1)), sums(ld, T(1));
    simd::dense_gradient(points, depth, columns, x.data(), depth, dy.data(), columns, dw.data());
    simd::column_sums(points, columns, dy.data(), columns, sums.data());
    double worst = 0;
    for (size_t n = 0; n < columns; ++n) {
      double total = 1;
      for (size_t p = 0; p < points; ++p) total += double(dy[p * columns + n]);
      worst = std::max(worst, std::abs(total - double(sums[n])));
      for (size_t k = 0; k < depth; ++k) {
        double sum = 1;
        for (size_t p = 0; p < points; ++p) sum += double(x[p * depth + k]) * double(dy[p * columns + n]);
        worst = std::max(worst, std::abs(sum - double(dw[k * ld + n])));
      }
    }
    CHECK(worst <= 0.5 * double(points + 1) * 16 * double(points + 1) * test::epsilon<T>());
  }
}

TEMPLATE_TEST_CASE("groups of four lanes are loaded, stored, filled, transposed and summed", "[core]", float,
                   double) {
  using T = TestType;
  std::vector<T> from(64);
  for (size_t i = 0; i < from.size(); ++i) from[i] = T(i + 1);

  T square[16];
  simd::transpose_4x4(from.data(), 10, square, 4);
  for (size_t i = 0; i < 4; ++i)
    for (size_t j = 0; j < 4; ++j) CHECK(square[j * 4 + i] == from[i * 10 + j]);
  T expected = 0;
  for (int lane = 0; lane < simd::width<T>; ++lane) expected += from[size_t(lane)];
  CHECK(simd::pairwise_sum<T>(simd::load(from.data())) == expected);  // whole numbers: exact in any order

  if constexpr (simd::groups < T >> 0) {
    T lanes[simd::width<T>], back[64] = {};
    const auto loaded = simd::load_groups(from.data(), 9);
    simd::store(loaded, lanes);
    for (int q = 0; q < simd::groups<T>; ++q)
      for (int j = 0; j < 4; ++j) CHECK(lanes[4 * q + j] == from[size_t(9 * q + j)]);
    simd::store_groups<T>(loaded, back, 9);
    for (int q = 0; q < simd::groups<T>; ++q) {
      for (int j = 0; j < 4; ++j) CHECK(back[9 * q + j] == from[size_t(9 * q + j)]);
      CHECK(back[9 * q + 4] == 0);
    }
    simd::store(simd::load_repeated(from.data() + 3), lanes);
    for (int lane = 0; lane < simd::width<T>; ++lane) CHECK(lanes[lane] == from[size_t(3 + lane % 4)]);
    simd::store(simd::fill_from_lane<2, T>(loaded), lanes);
    for (int lane = 0; lane < simd::width<T>; ++lane) CHECK(lanes[lane] == from[size_t(lane / 4 * 9 + 2)]);
    simd::store(simd::fill_from_group<0, T>(simd::load_repeated(from.data())), lanes);
    for (int lane = 0; lane < simd::width<T>; ++lane) CHECK(lanes[lane] == from[size_t(lane / 4)]);
  }
}

TEMPLATE_TEST_CASE("complex numbers side by side come apart and together", "[core]", float, double) {
  using T = TestType;
  const size_t count = GENERATE(1, 5, 16, 37);
  const auto pairs = normal_values<T>(2 * count, 1);
  std::vector<T> re(count), im(count), joined(2 * count, T(7));
  simd::split_pairs(pairs.data(), count, re.data(), im.data());
  for (size_t q = 0; q < count; ++q) CHECK((re[q] == pairs[2 * q] && im[q] == pairs[2 * q + 1]));
  simd::join_pairs(re.data(), im.data(), count, Write::overwrite, joined.data());
  CHECK(joined == pairs);
  simd::join_pairs(re.data(), im.data(), count, Write::accumulate, joined.data());
  for (size_t q = 0; q < 2 * count; ++q) CHECK(joined[q] == 2 * pairs[q]);
  if constexpr (simd::width < T >> 1) {
    const auto values = normal_values<T>(size_t(simd::width<T>), 2);
    std::vector<T> swapped(values.size()), signs(values.size());
    simd::store(simd::swap_pairs<T>(simd::load(values.data())), swapped.data());
    simd::store(simd::alternating(T(1), T(-1)), signs.data());
    for (size_t q = 0; q < values.size(); ++q) {
      CHECK(swapped[q] == values[q ^ 1]);
      CHECK(signs[q] == (q % 2 == 0 ? T(1) : T(-1)));
    }
  }
}

#endif
