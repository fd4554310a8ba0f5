#include <danaus/mri/masks/patterns.hpp>
#include <danaus/mri/masks/poisson_disc.hpp>

#include <danaus/core/error.hpp>

#include <support/catch.hpp>

#include <cmath>

using namespace danaus;
using namespace danaus::mri;

namespace {

MaskOptions options(const std::string& type, size_t rows, size_t columns, double acceleration,
                    size_t calibration, std::uint64_t seed = 0) {
  MaskOptions o;
  o.type = type, o.rows = rows, o.columns = columns, o.acceleration = acceleration,
  o.calibration = calibration;
  o.seed = seed;
  return o;
}

bool is_full_square(const Mask& mask, size_t edge) {
  for (size_t i = 0; i < edge; ++i)
    for (size_t j = 0; j < edge; ++j)
      if (!mask(mask.rows / 2 - edge / 2 + i, mask.columns / 2 - edge / 2 + j)) return false;
  return true;
}

size_t samples_in(const Mask& mask, size_t first_row, size_t rows) {
  size_t count = 0;
  for (size_t i = first_row; i < first_row + rows; ++i)
    for (size_t j = 0; j < mask.columns; ++j) count += mask(i, j);
  return count;
}

}  // namespace

TEST_CASE("Poisson masks meet R to one per cent and sample the centre", "[mask]") {
  const struct {
    size_t rows, columns;
    double acceleration;
    size_t calibration;
  } cases[] = {{416, 80, 2, 24}, {416, 80, 3, 24}, {416, 80, 4, 24}, {416, 80, 10, 24}, {64, 64, 1.2, 8},
               {40, 100, 6, 6},  {200, 40, 12, 0}, {50, 50, 1, 0},   {7, 300, 3, 4}};
  for (const auto& c : cases) {
    const Mask mask = make_mask(options("poisson", c.rows, c.columns, c.acceleration, c.calibration));
    INFO(c.rows << "x" << c.columns << " R " << c.acceleration);
    CHECK(std::abs(mask.acceleration() / c.acceleration - 1) <= .01);
    CHECK(is_full_square(mask, std::min({c.calibration, c.rows, c.columns})));
  }
}

TEST_CASE("Poisson masks depend on the seed alone", "[mask]") {
  const auto first = make_mask(options("poisson", 120, 60, 4, 12, 5)),
             again = make_mask(options("poisson", 120, 60, 4, 12, 5));
  CHECK(first.samples == again.samples);
  CHECK(digest_of(first) == digest_of(again));
  CHECK(first.samples != make_mask(options("poisson", 120, 60, 4, 12, 6)).samples);
}

TEST_CASE("a pattern of given slope keeps its distances", "[mask]") {
  // Cells are one grid step wide, so positions are known to one step: two samples whose true distance is at
  // least the radius are more than radius - sqrt(2) apart as cells. Slope 8: at the far end of a 100 x 100
  // plane the radius is 9.
  const auto o = options("poisson", 100, 100, 1, 10);
  const Mask mask = mri::detail::poisson_disc_of_slope(o, 8);
  size_t checked = 0;
  for (size_t p = 0; p < mask.size(); ++p) {
    if (!mask.samples[p]) continue;
    const double y = double(p / 100), z = double(p % 100);
    const double r = std::max(std::abs(y - 50), std::abs(z - 50)) / 50;
    if (r < .9) continue;
    const double radius = 1 + 8 * (r - .1) / .9;  // at least: the distance from the square is not less
    for (size_t q = p + 1; q < mask.size(); ++q)
      if (mask.samples[q]) {
        // The later of the two kept its own radius; the earlier one's is not smaller by more than the slope
        // allows.
        const double distance = std::hypot(y - double(q / 100), z - double(q % 100));
        CHECK(distance > .75 * radius - std::sqrt(2.0));
        ++checked;
      }
  }
  CHECK(checked > 100);
  // Density falls outwards: rows of the edge against rows of the middle.
  CHECK(2 * samples_in(mask, 0, 10) < samples_in(mask, 45, 10));
}

TEST_CASE("corners are cut, and count as acquired", "[mask]") {
  auto o = options("poisson", 80, 80, 5, 10);
  o.cut_corners = true;
  const Mask mask = make_mask(o);
  CHECK(std::abs(mask.acceleration() / 5 - 1) <= .01);
  for (size_t i = 0; i < 80; ++i)
    for (size_t j = 0; j < 80; ++j) {
      const double y = (double(i) + .5 - 40) / 40, z = (double(j) + .5 - 40) / 40;
      if (y * y + z * z > 1.1) CHECK(mask(i, j) == 0);
    }
}

TEST_CASE("fastMRI columns follow the published rules", "[mask]") {
  // W = 368, R = 4: low = round(.08 * 368) = 29 columns after (368 - 29 + 1) / 2 = 170 others.
  for (const char* type : {"random", "equispaced"}) {
    const Mask mask = make_mask(options(type, 20, 368, 4, 0));
    for (size_t j = 170; j < 199; ++j) CHECK(mask(0, j) == 1);
    for (size_t i = 1; i < 20; ++i)
      for (size_t j = 0; j < 368; ++j) CHECK(mask(i, j) == mask(0, j));
  }
  // R' = 4 (29 - 368) / (29 * 4 - 368) = 5.38: 29 + 339 / 5.38 = 92 = 368 / 4 columns, to the rounding of the
  // ends.
  CHECK(std::abs(double(make_mask(options("equispaced", 1, 368, 4, 0)).count()) - 92) <= 3);
  // p = (92 - 29) / 339; the mean over seeds has a standard deviation of sqrt(339 p (1 - p) / 200) = .5.
  double mean = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed)
    mean += double(make_mask(options("random", 1, 368, 4, 0, seed)).count()) / 200;
  CHECK(std::abs(mean - 92) <= 2.5);
}

TEST_CASE("uniform and gaussian masks", "[mask]") {
  const Mask lattice = make_mask(options("uniform", 60, 60, 6, 0));
  CHECK(lattice.count() == 60 * 60 / 6);
  CHECK(lattice(30, 30) == 1);
  CHECK(lattice(31, 30) == 0);
  const Mask gaussian = make_mask(options("gaussian", 90, 50, 5, 8));
  CHECK(gaussian.count() == 900);
  CHECK(is_full_square(gaussian, 8));
  CHECK(samples_in(gaussian, 0, 10) < samples_in(gaussian, 40, 10) / 3);
}

TEST_CASE("masks are padded and cropped about the centre", "[mask]") {
  Mask small(4, 3);
  small(2, 1) = 1;  // the centre of k-space
  const Mask padded = pad_centrally(small, 9, 8);
  CHECK(padded.count() == 1);
  CHECK(padded(4, 4) == 1);
  CHECK(pad_centrally(padded, 4, 3).samples == small.samples);
}

TEST_CASE("impossible masks are refused", "[mask]") {
  CHECK_THROWS_AS(make_mask(options("poisson", 50, 50, 100, 24)), UsageError);
  CHECK_THROWS_AS(make_mask(options("poisson", 50, 50, .5, 4)), UsageError);
  CHECK_THROWS_AS(make_mask(options("uniform", 50, 50, 2.5, 0)), UsageError);
  CHECK_THROWS_AS(make_mask(options("poison", 50, 50, 2, 0)), UsageError);
  CHECK_THROWS_AS(make_mask(options("random", 10, 100, 8, 20)), UsageError);
}
