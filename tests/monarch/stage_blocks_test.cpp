#include <danaus/monarch/axis_transform.hpp>

#include <support/catch.hpp>
#include <support/random.hpp>

#include <cmath>

using namespace danaus;
using namespace danaus::monarch;

namespace {

/// cos or -sin of 2 pi k y / n, from the definition.
double entry(size_t row, size_t y, size_t n, size_t modes) {
  const double angle = 2 * M_PI * double((row % modes) * y % n) / double(n);
  return row < modes ? std::cos(angle) : -std::sin(angle);
}

}  // namespace

TEMPLATE_TEST_CASE("the folded real DFT equals its definition, forward and transposed", "[monarch]", float,
                   double) {
  using T = TestType;
  const Exec space;
  // Every residue of n modulo 4; all modes and few; lanes that fill no pack, overlap, or fill whole packs.
  for (const auto& [n, modes] : std::vector<std::pair<size_t, size_t>>{{1, 1},
                                                                       {2, 2},
                                                                       {3, 2},
                                                                       {4, 3},
                                                                       {5, 1},
                                                                       {6, 4},
                                                                       {9, 5},
                                                                       {12, 7},
                                                                       {15, 3},
                                                                       {16, 9},
                                                                       {60, 12},
                                                                       {64, 12},
                                                                       {64, 33},
                                                                       {74, 5}})
    for (const size_t after : {size_t(1), size_t(3), size_t(20), size_t(32), size_t(70)}) {
      CAPTURE(n, modes, after);
      const auto stages = folded_real_fourier(n, modes);
      const AxisTransform<T> forward(stages), back(transposed(stages));
      const auto packed = zeros<T, 1>("packed", {forward.packed_size()}),
                 packed_back = zeros<T, 1>("packed", {back.packed_size()});
      forward.pack_constant(space, packed);
      back.pack_constant(space, packed_back);
      const auto x = test::normal<T, 3>({5, n, after}, 1), g = test::normal<T, 3>({5, 2 * modes, after}, 2);
      const auto y = zeros<T, 3>("y", {5, 2 * modes, after}), plain = zeros<T, 3>("y", {5, 2 * modes, after});
      const auto dx = zeros<T, 3>("dx", {5, n, after}), dx_back = zeros<T, 3>("dx", {5, n, after});
      forward.apply(space, packed, real_lanes<const T>(x), Write::overwrite, real_lanes<T>(y));
      forward.apply_portable(space, packed, real_lanes<const T>(x), Write::overwrite, real_lanes<T>(plain));
      forward.adjoint(space, packed, real_lanes<const T>(g), Write::overwrite, real_lanes<T>(dx));
      back.apply(space, packed_back, real_lanes<const T>(g), Write::overwrite, real_lanes<T>(dx_back));

      const auto hx = to_host(x), hg = to_host(g), hy = to_host(y), hdx = to_host(dx);
      double worst = 0;
      for (size_t b = 0; b < 5; ++b)
        for (size_t q = 0; q < after; ++q) {
          for (size_t row = 0; row < 2 * modes; ++row) {
            double sum = 0;
            for (size_t t = 0; t < n; ++t) sum += entry(row, t, n, modes) * double(hx(b, t, q));
            worst = std::max(worst, std::abs(sum - double(hy(b, row, q))));
          }
          for (size_t t = 0; t < n; ++t) {
            double sum = 0;
            for (size_t row = 0; row < 2 * modes; ++row)
              sum += entry(row, t, n, modes) * double(hg(b, row, q));
            worst = std::max(worst, std::abs(sum - double(hdx(b, t, q))));
          }
        }
      // At most 74 terms below 4: partial sums stay below 64, each of the 74 additions rounds by eps / 2 of
      // that.
      CHECK(worst <= 74 * 32 * test::epsilon<T>());
      CHECK(test::max_difference(dx, dx_back) == 0);
      // The plain kernel contracts other products to fused ones.
      CHECK(test::max_difference(y, plain) <= 74 * 32 * test::epsilon<T>());
    }
}

TEST_CASE("overlapping packs add to each number once", "[monarch]") {
  const Exec space;
  const AxisTransform<float> forward(folded_real_fourier(64, 12));
  const auto packed = zeros<float, 1>("packed", {forward.packed_size()});
  forward.pack_constant(space, packed);
  for (const size_t after :
       {size_t(9), size_t(17), size_t(20), size_t(31), size_t(36), size_t(52), size_t(100)}) {
    CAPTURE(after);
    const auto x = test::normal<float, 3>({3, 64, after}, 1);
    const auto y = zeros<float, 3>("y", {3, 24, after});
    forward.apply(space, packed, real_lanes<const float>(x), Write::overwrite, real_lanes<float>(y));
    const auto once = to_host(y);
    forward.apply(space, packed, real_lanes<const float>(x), Write::accumulate, real_lanes<float>(y));
    const auto twice = to_host(y);
    double lost = 0;
    for (size_t i = 0; i < y.size(); ++i)
      lost = std::max(lost, std::abs(double(twice.data()[i]) - 2 * double(once.data()[i])));
    CHECK(lost == 0);
  }
}

TEST_CASE("impossible stages are named", "[monarch]") {
  CHECK_THROWS_WITH(folded_real_fourier(8, 6),
                    "folded_real_fourier: 6 modes of 8 real numbers; between 1 and 5 exist");
  auto stages = folded_real_fourier(8, 3);
  stages.first[0].inputs[0] = 8;
  CHECK_THROWS_WITH(AxisTransform<float>(stages), "AxisTransform: input row 8 of 8");
  stages = folded_real_fourier(8, 3);
  stages.second[0].entries.pop_back();
  CHECK_THROWS_WITH(AxisTransform<float>(stages), "AxisTransform: 5 entries in a block of 2 x 3");
}
