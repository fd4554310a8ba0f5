#include <danaus/train/sample_source.hpp>

#include <danaus/io/atomic_file.hpp>
#include <danaus/io/hdf5_writer.hpp>

#include "temporary_folder.hpp"

#include <support/catch.hpp>

using namespace danaus;
using namespace danaus::train;

namespace {

/// Entries that say where they are.
double entry(size_t s, size_t x, size_t y, size_t t, size_t c) {
  return double((((s * 10 + x) * 10 + y) * 10 + t) * 10 + c);
}

HostTensor<double, 5> numbered(size_t channels) {
  HostTensor<double, 5> u("u", 5, 3, 4, 6, channels);
  for (size_t s = 0; s < 5; ++s)
    for (size_t x = 0; x < 3; ++x)
      for (size_t y = 0; y < 4; ++y)
        for (size_t t = 0; t < 6; ++t)
          for (size_t c = 0; c < channels; ++c) u(s, x, y, t, c) = entry(s, x, y, t, c);
  return u;
}

void check_windows(SampleSource<double>& source, const std::vector<Window>& windows, size_t count,
                   size_t channels) {
  const auto frames = source.load(Exec{}, windows, count);
  Kokkos::fence();
  REQUIRE(frames.size() == count);
  for (size_t f = 0; f < count; ++f) {
    REQUIRE(shape_of(frames[f]) == Shape<4>{windows.size(), 3, 4, channels});
    const auto host = to_host(frames[f]);
    size_t wrong = 0;
    for (size_t b = 0; b < windows.size(); ++b)
      for (size_t x = 0; x < 3; ++x)
        for (size_t y = 0; y < 4; ++y)
          for (size_t c = 0; c < channels; ++c)
            wrong += host(b, x, y, c) != entry(windows[b].sample, x, y, windows[b].first_frame + f, c);
    CHECK(wrong == 0);
  }
}

void check_source(SampleSource<double>& source, size_t channels) {
  CHECK(source.samples() == 5);
  CHECK(source.frames() == 6);
  CHECK(source.frame_shape(0) == Shape<3>{3, 4, channels});
  check_windows(source, {{4, 0}, {0, 0}, {2, 0}}, 6, channels);
  // Fewer, of another length, each from a frame of its own; then more again.
  check_windows(source, {{1, 4}, {3, 0}}, 2, channels);
  check_windows(source, {{1, 3}, {0, 2}, {2, 1}, {3, 0}, {4, 3}}, 3, channels);
  CHECK_THROWS_AS(source.load(Exec{}, {{5, 0}}, 1), std::out_of_range);
  CHECK_THROWS_AS(source.load(Exec{}, {{0, 5}}, 2), std::out_of_range);
  CHECK_THROWS_AS(source.load(Exec{}, {{0, 0}}, 7), std::out_of_range);
}

}  // namespace

TEST_CASE("windows from memory are the frames that were asked for", "[train]") {
  const size_t channels = GENERATE(1, 2);
  MemorySource<double> source(to_device<double, 5>(numbered(channels)), "digest");
  check_source(source, channels);
  CHECK(source.digest() == "digest");
}

TEST_CASE("windows streamed from a file are the frames that were asked for", "[train]") {
  const size_t channels = GENERATE(1, 2);
  test::TemporaryFolder folder;
  const auto u = numbered(channels);
  io::Extents shape{5, 3, 4, 6};
  if (channels > 1) shape.push_back(channels);
  {
    io::Hdf5Writer file(folder.file("u.h5"));
    file.header({.format = "test", .created_by = "danaus test", .command = "", .seed = 0});
    file.write("/u", shape, u.data());
    file.write("/flat", {60}, u.data());
    file.commit();
  }
  StreamSource<double> source(folder.file("u.h5").string(), "/u");
  check_source(source, channels);
  CHECK(source.digest().size() == 32);
  CHECK_THROWS_AS(StreamSource<double>(folder.file("u.h5").string(), "/flat"), DataError);
}

TEST_CASE("pairs are input and target with channels of their own", "[train]") {
  HostTensor<float, 4> input("input", 4, 3, 2, 1), target("target", 4, 3, 2, 2);
  for (size_t i = 0; i < input.size(); ++i) input.data()[i] = float(i);
  for (size_t i = 0; i < target.size(); ++i) target.data()[i] = 100 + float(i);
  PairSource<float> source(to_device<float, 4>(input), to_device<float, 4>(target), "");
  CHECK(source.frame_shape(0) == Shape<3>{3, 2, 1});
  CHECK(source.frame_shape(1) == Shape<3>{3, 2, 2});
  const auto frames = source.load(Exec{}, {{3, 0}, {1, 0}}, 2);
  Kokkos::fence();
  const auto x = to_host(frames[0]);
  const auto y = to_host(frames[1]);
  CHECK(x(0, 0, 0, 0) == 18);
  CHECK(x(1, 2, 1, 0) == 11);
  CHECK(y(0, 0, 0, 1) == 137);
  CHECK(y(1, 2, 1, 1) == 123);
  CHECK_THROWS_AS(PairSource<float>(to_device<float, 4>(input), Tensor<float, 4>("t", 3, 3, 2, 1), ""),
                  ShapeError);
}
