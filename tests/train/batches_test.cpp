#include <danaus/core/error.hpp>
#include <danaus/train/batches.hpp>
#include <danaus/train/unroll_schedule.hpp>

#include <support/catch.hpp>

#include <algorithm>
#include <cmath>
#include <set>

using namespace danaus;
using namespace danaus::train;

TEST_CASE("an epoch's order is a permutation that depends on seed and epoch", "[train]") {
  for (size_t count : {1, 2, 7, 1000}) {
    auto order = epoch_order(3, 5, count);
    CHECK(order == epoch_order(3, 5, count));
    std::sort(order.begin(), order.end());
    for (size_t i = 0; i < count; ++i) CHECK(order[i] == i);
  }
  CHECK(epoch_order(3, 5, 1000) != epoch_order(3, 6, 1000));
  CHECK(epoch_order(3, 5, 1000) != epoch_order(4, 5, 1000));
}

TEST_CASE("every permutation is equally likely", "[train]") {
  size_t counts[6] = {};
  const size_t epochs = 12000;
  for (size_t epoch = 0; epoch < epochs; ++epoch) {
    const auto order = epoch_order(1, epoch, 3);
    ++counts[order[0] * 2 + (order[1] > order[2])];
  }
  // Binomial: mean 2000, deviation 41; 5 of them.
  for (size_t count : counts) CHECK(std::abs(double(count) - 2000) < 205);
}

TEST_CASE("windows cover all start frames, and nothing else", "[train]") {
  for (size_t positions : {1, 2, 10}) {
    std::set<size_t> seen;
    for (size_t epoch = 0; epoch < 20; ++epoch)
      for (size_t sample = 0; sample < 20; ++sample) seen.insert(start_frame(1, epoch, sample, positions));
    CHECK(seen.size() == positions);
    CHECK(*seen.rbegin() == positions - 1);
  }
}

TEST_CASE("noise has the deviation asked for and depends on seed, epoch, sample and frame only", "[train]") {
  const auto noise = [](std::uint64_t seed, size_t epoch, std::vector<size_t> samples, size_t index) {
    Tensor<size_t, 1> device("samples", samples.size());
    HostTensor<size_t, 1> host("host", samples.size());
    std::copy(samples.begin(), samples.end(), host.data());
    copy(device, host);
    HostTensor<double, 1> deviation("deviation", 2);
    deviation(0) = 0.5;
    deviation(1) = 3;
    const auto frame = zeros<double, 4>("frame", {samples.size(), 64, 64, 2});
    add_noise<double>(Exec{}, seed, epoch, device, index, to_device<double, 1>(deviation), frame);
    Kokkos::fence();
    return to_host(frame);
  };
  const auto a = noise(1, 2, {7, 3}, 0), b = noise(1, 2, {3}, 0);
  double squares[2] = {};
  bool equal = true;
  for (size_t i = 0; i < b.size(); ++i) {
    squares[i % 2] += b.data()[i] * b.data()[i] / 4096;
    equal &= b.data()[i] == a.data()[b.size() + i];
  }
  // The place in the batch does not matter.
  CHECK(equal);
  // 4096 numbers: the variance is known to 2.2 %; 5 of that.
  CHECK(std::abs(squares[0] / 0.25 - 1) < 0.11);
  CHECK(std::abs(squares[1] / 9 - 1) < 0.11);
  const auto differs = [&](const auto& c) {
    return c.data()[0] != b.data()[0] && c.data()[99] != b.data()[99];
  };
  CHECK(differs(noise(2, 2, {3}, 0)));
  CHECK(differs(noise(1, 3, {3}, 0)));
  CHECK(differs(noise(1, 2, {4}, 0)));
  CHECK(differs(noise(1, 2, {3}, 1)));
}

TEST_CASE("an unroll schedule is read, written, and divides the epochs", "[train]") {
  const UnrollSchedule schedule("1:0.5,2:0.25,full:0.25");
  CHECK(schedule.to_string() == "1:0.5,2:0.25,full:0.25");
  CHECK(UnrollSchedule().to_string() == "full:1");
  const auto steps = [&](size_t epochs) {
    std::vector<size_t> all;
    for (size_t e = 0; e < epochs; ++e) all.push_back(schedule.steps_at(e, epochs, 10));
    return all;
  };
  CHECK(steps(8) == std::vector<size_t>{1, 1, 1, 1, 2, 2, 10, 10});
  CHECK(steps(4) == std::vector<size_t>{1, 1, 2, 10});
  CHECK(steps(1).size() == 1);
  CHECK(UnrollSchedule("full:1").steps_at(3, 5, 10) == 10);
  CHECK_NOTHROW(schedule.require_at_most(2));
  CHECK_THROWS_AS(schedule.require_at_most(1), UsageError);
  for (const char* text :
       {"", "1", "1:0.5", "0:1", "1:0.5,2:0.6", "x:1", "1:x", "1:-1,2:2", "full:1,", "-1:1", "1:nan"})
    CHECK_THROWS_AS(UnrollSchedule(text), UsageError);
}
