#include <danaus/core/error.hpp>
#include <danaus/linalg/blas.hpp>
#include <danaus/linalg/for_each_item.hpp>

#include <support/catch.hpp>

#include <atomic>

using namespace danaus;

TEST_CASE("every item is worked on once, with a serial BLAS, and the first error is thrown on", "[linalg]") {
  linalg::set_blas_threads(2);
  std::vector<std::atomic<int>> visits(100);
  std::atomic<int> blas_threads{0};
  linalg::for_each_item(100, [&](std::size_t i) {
    ++visits[i];
    blas_threads = std::max(blas_threads.load(), linalg::blas_info().threads);
  });
  for (const auto& count : visits) CHECK(count == 1);
  CHECK(blas_threads == 1);
  CHECK(linalg::blas_info().threads == 2);
  linalg::set_blas_threads(1);

  std::atomic<int> finished{0};
  const auto fail = [&](std::size_t i) {
    if (i == 3 || i == 70) throw DataError("item " + std::to_string(i));
    ++finished;
  };
  CHECK_THROWS_WITH(linalg::for_each_item(100, fail), "item 3");
  CHECK(finished == 98);
}
