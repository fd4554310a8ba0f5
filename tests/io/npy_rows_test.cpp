#include "files.hpp"

#include <danaus/io/npy.hpp>

#include <support/catch.hpp>

using namespace danaus;
using namespace danaus::io;

TEMPLATE_TEST_CASE("rows of a NumPy file are those of the whole array", "[io]", float, double, Complex<float>,
                   Complex<double>) {
  using T = TestType;
  const test::TemporaryFolder folder;
  std::vector<T> data(5 * 3);
  for (size_t e = 0; e < data.size(); ++e) data[e] = T(real_t<T>(e) / 4);
  const auto path = folder / "a.npy";
  write_npy(path, {5, 3}, data.data());
  const auto header = read_npy_header(path);
  for (size_t first = 0; first <= 5; ++first)
    for (size_t count = 0; first + count <= 5; ++count) {
      std::vector<T> rows(count * 3);
      read_npy_rows(path, header, first, count, rows.data());
      CHECK(std::equal(rows.begin(), rows.end(), data.begin() + ptrdiff_t(first * 3)));
    }
  std::vector<T> rows(18);
  CHECK_THROWS_AS(read_npy_rows(path, header, 3, 3, rows.data()), ShapeError);
  CHECK_THROWS_AS(read_npy_rows(path, header, 6, 0, rows.data()), ShapeError);

  SECTION("in Fortran order too") {
    std::string bytes = read_file(path);
    const auto at = bytes.find("False");
    bytes.replace(at, 5, "True ");
    write_file_atomically(path, bytes);
    const auto whole = read_npy<T>(path);
    read_npy_rows(path, read_npy_header(path), 1, 3, rows.data());
    CHECK(std::equal(rows.begin(), rows.begin() + 9, whole.data.begin() + 3));
    CHECK(rows[1] == data[5 + 1]);
  }
}
