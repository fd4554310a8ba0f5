#include <danaus/core/error.hpp>
#include <danaus/optim/schedule.hpp>

#include <support/catch.hpp>

#include <cmath>

using namespace danaus;
using namespace danaus::optim;

namespace {
Schedule make(const std::string& text, double rate, double epochs, double warm_up = 0) {
  Schedule s = parse_schedule(text);
  s.base_rate = rate;
  s.epochs = epochs;
  s.warm_up = warm_up;
  return s;
}
}  // namespace

TEST_CASE("the published step schedule halves every 100 epochs", "[optim]") {
  const auto s = make("step:100:0.5", 1e-3, 500);
  CHECK(s.rate(0) == 1e-3);
  CHECK(s.rate(99.99) == 1e-3);
  CHECK(s.rate(100) == 5e-4);
  CHECK(s.rate(250) == 2.5e-4);
  CHECK(s.rate(499) == 1e-3 / 16);
}

TEST_CASE("the cosine ends at zero or at its floor", "[optim]") {
  const auto s = make("cosine", 2., 100);
  CHECK(s.rate(0) == 2);
  CHECK(s.rate(25) == Approx(1 + std::sqrt(.5)));
  CHECK(s.rate(50) == Approx(1));
  CHECK(s.rate(100) == Approx(0).margin(1e-15));
  CHECK(s.rate(120) == Approx(0).margin(1e-15));
  const auto with_floor = make("cosine:0.1", 2., 100);
  CHECK(with_floor.rate(50) == Approx(1.1));
  CHECK(with_floor.rate(100) == Approx(0.2));
}

TEST_CASE("warm-up rises linearly and hands over without a jump", "[optim]") {
  for (const char* text : {"constant", "cosine", "step"}) {
    const auto s = make(text, 1., 50, 5);
    CHECK(s.rate(0) == 1e-3);
    CHECK(s.rate(2.5) == 0.5);
    CHECK(s.rate(5) == Approx(1));
    CHECK(s.rate(4.999999) == Approx(1).epsilon(1e-5));
  }
  CHECK(make("cosine", 1., 50, 5).rate(27.5) == Approx(0.5));
}

// torch.optim.lr_scheduler.OneCycleLR with total_steps -> infinity at pct_start 0.3, div_factor 25,
// final_div_factor 1e4.
TEST_CASE("one-cycle rises from 1/25 in 30 % and falls to 1/250000", "[optim]") {
  const auto s = make("one-cycle", 1., 10);
  CHECK(s.rate(0) == Approx(0.04));
  CHECK(s.rate(1.5) == Approx(0.52));
  CHECK(s.rate(3) == Approx(1));
  CHECK(s.rate(6.5) == Approx(0.500002));
  CHECK(s.rate(10) == Approx(4e-6));
}

TEST_CASE("schedules are read and written as text", "[optim]") {
  for (const char* text : {"constant", "step:50:0.25", "cosine:0.01", "one-cycle"})
    CHECK(to_string(parse_schedule(text)) == text);
  CHECK(to_string(parse_schedule("step")) == "step:100:0.5");
  for (const char* text : {"", "linear", "step:0:0.5", "step:10:2", "step:10:0.5:1", "cosine:x", "cosine:2",
                           "step:", "constant:1", "one-cycle:1", "step:nan"})
    CHECK_THROWS_AS(parse_schedule(text), UsageError);
}
