// cfl files slice by slice: every entry in its place, whatever part of them is in memory.

#include <danaus/core/error.hpp>
#include <mri/data/cfl_slices.hpp>

#include <io/files.hpp>
#include <support/random.hpp>

using namespace danaus;
using namespace danaus::mri;
using danaus::mri::detail::CflSlices;
using test::TemporaryFolder;

namespace {

CflArray random_array(std::array<size_t, CflArray::rank> shape) {
  CflArray array;
  array.shape = shape;
  const Random random(3, stream::test);
  for (size_t i = 0; i < array.size(); ++i)
    array.data.emplace_back(float(random.normal(2 * i)), float(random.normal(2 * i + 1)));
  return array;
}

}  // namespace

TEST_CASE("slices of a cfl hold what their axes say, with small windows too", "[cfl]") {
  const TemporaryFolder folder;
  const bool flat = GENERATE(true, false);
  std::array<size_t, CflArray::rank> shape;
  shape.fill(1);
  shape[CflArray::read] = 7, shape[CflArray::phase1] = 5, shape[CflArray::coil] = 3,
  shape[CflArray::echo] = 2;
  shape[flat ? size_t(CflArray::slice) : size_t(CflArray::phase2)] = 4;
  const CflArray a = random_array(shape);
  write_cfl(folder / "a", a);
  const auto file = mri::detail::open_cfl_file(folder / "a");
  const size_t s_slice = a.stride(flat ? size_t(CflArray::slice) : size_t(CflArray::read));
  const size_t s_row = a.stride(flat ? 0 : 1), s_column = a.stride(flat ? 1 : 2);
  for (size_t window : {size_t(1), size_t(2500), size_t(1) << 20}) {  // one slice, a few, all
    const CflSlices slices(file, CflArray::echo, false, window);
    REQUIRE(slices.is_flat() == flat);
    REQUIRE((slices.slices() == (flat ? 4 : 7) && slices.rows() == (flat ? 7 : 5)));
    REQUIRE(slices.columns() == (flat ? 5 : 4));
    CHECK(slices.held_bytes() <= std::max(window, slices.rows() * slices.columns() * 6 * 8));
    for (size_t x : {size_t(3), size_t(0), size_t(1), size_t(2), slices.slices() - 1}) {
      const Complex<float>* found = slices.slice(x);
      for (size_t e = 0; e < 2; ++e)
        for (size_t j = 0; j < slices.rows(); ++j)
          for (size_t k = 0; k < slices.columns(); ++k)
            for (size_t c = 0; c < 3; ++c)
              REQUIRE(found[((e * slices.rows() + j) * slices.columns() + k) * 3 + c] ==
                      a.data[x * s_slice + j * s_row + k * s_column + c * a.stride(CflArray::coil) +
                             e * a.stride(CflArray::echo)]);
    }
  }
}

TEST_CASE("a cfl that shrinks while it is read is an error, not zeros", "[cfl]") {
  const TemporaryFolder folder;
  std::array<size_t, CflArray::rank> shape;
  shape.fill(1);
  shape[0] = 4, shape[1] = 4, shape[2] = 4;
  write_cfl(folder / "a", random_array(shape));
  const CflSlices slices(mri::detail::open_cfl_file(folder / "a"), CflArray::echo, true);
  std::filesystem::resize_file(folder / "a.cfl", 100);
  CHECK_THROWS_AS(slices.slice(0), IoError);
  CHECK_THROWS_AS(slices.slice(0), IoError);
}
