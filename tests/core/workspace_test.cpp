#include <danaus/core/workspace.hpp>

#include <support/catch.hpp>

using namespace danaus;

TEST_CASE("a workspace hands out aligned tensors that do not overlap", "[core]") {
  Workspace workspace;
  const auto a = workspace.take<float, 2>({3, 5});
  const auto b = workspace.take<double, 1>({7});
  const auto c = workspace.take<float, 1>({1});
  CHECK(shape_of(a) == Shape<2>{3, 5});
  CHECK(reinterpret_cast<std::uintptr_t>(a.data()) % Workspace::alignment == 0);
  CHECK(reinterpret_cast<std::uintptr_t>(b.data()) % Workspace::alignment == 0);
  fill(a, 1.f);
  fill(b, 2.);
  fill(c, 3.f);
  const auto ha = to_host(a);
  const auto hb = to_host(b);
  for (size_t i = 0; i < 15; ++i) CHECK(ha.data()[i] == 1.f);
  for (size_t i = 0; i < 7; ++i) CHECK(hb(i) == 2.);
}

TEST_CASE("after reset the same memory comes back and nothing grows", "[core]") {
  Workspace workspace;
  // More than one block of 64 MiB.
  const auto one_step = [&] {
    std::vector<void*> pointers;
    for (size_t mib : {40, 40, 100, 1}) pointers.push_back(workspace.take<char, 1>({mib << 20}).data());
    workspace.reset();
    return pointers;
  };
  const auto first = one_step();
  const size_t capacity = workspace.capacity();
  CHECK(capacity >= 181u << 20);
  CHECK(one_step() == first);
  CHECK(workspace.capacity() == capacity);
}

TEST_CASE("release returns the most recent tensors only", "[core]") {
  Workspace workspace;
  const auto kept = workspace.take<int, 1>({10});
  fill(kept, 4);
  const auto mark = workspace.mark();
  const auto scratch = workspace.take<int, 1>({10});
  workspace.release(mark);
  const auto again = workspace.take<int, 1>({10});
  CHECK(again.data() == scratch.data());
  fill(again, 5);
  CHECK(to_host(kept)(9) == 4);
}
