#include "files.hpp"

#include <hdf5.h>
#define XXH_INLINE_ALL
#define XXH_VECTOR 0  // the plain C path, not the one of the library
#include <xxhash.h>

#include <cmath>
#include <cstring>

using namespace danaus;
using namespace danaus::io;
using test::TemporaryFolder;

namespace {

template <class T>
void check_round_trip(const Extents& shape) {
  TemporaryFolder folder;
  const ArrayInfo info{shape, scalar_type_v<T>};
  const auto data = test::count_up<T>(info.size());
  {
    Hdf5Writer writer(folder / "a.h5");
    writer.header(test::example_header());
    writer.write("/some/where/a", shape, data);
    writer.commit();
  }
  const Hdf5Reader reader(folder / "a.h5");
  CHECK(reader.is_sealed());
  CHECK(reader.shape("/some/where/a") == shape);
  CHECK(reader.type("/some/where/a") == scalar_type_v<T>);
  CHECK(reader.read<T>("/some/where/a") == data);
  CHECK(folder.entries() == 1);
}

}  // namespace

TEMPLATE_TEST_CASE("an HDF5 dataset of every type and rank comes back as it was written", "[io]",
                   std::uint8_t, std::int32_t, std::uint32_t, std::int64_t, std::uint64_t, float, double,
                   Complex<float>, Complex<double>) {
  check_round_trip<TestType>({});
  check_round_trip<TestType>({1});
  check_round_trip<TestType>({7});
  check_round_trip<TestType>({3, 2, 4, 2, 1});
}

TEST_CASE("attributes of every type come back, lists and empty ones included", "[io]") {
  TemporaryFolder folder;
  {
    Hdf5Writer writer(folder / "a.h5");
    writer.header(test::example_header());
    writer.write("/u", {1}, std::vector<float>{1});
    writer.attribute("/", "viscosity", 1e-5);
    writer.attribute("/u", "units", std::string("m²/s"));
    writer.attribute("/u", "nothing", std::string());
    writer.attribute("/model/layers", "steps", std::vector<std::int64_t>{1, 2, 3});
    writer.attribute("/model/layers", "shares", std::vector<double>{.5, .25});
    writer.attribute("/model/layers", "fields", std::vector<std::string>{"vorticity", ""});
    writer.attribute("/model/layers", "none", std::vector<double>{});
    writer.attribute("/u", "count", std::int64_t(1));
    writer.attribute("/u", "count", std::int64_t(-2));
    writer.commit();
  }
  const Hdf5Reader reader(folder / "a.h5");
  CHECK(reader.attribute<std::string>("/", "format") == "danaus-test");
  CHECK(reader.attribute<std::int64_t>("/", "format_version") == 1);
  CHECK(reader.attribute<std::string>("/", "created_by") == "danaus 0.0.0 (test)");
  CHECK(reader.attribute<std::string>("/", "command") == "danaus-pde test");
  CHECK(reader.attribute<std::int64_t>("/", "seed") == 7);
  CHECK(reader.attribute<double>("/", "viscosity") == 1e-5);
  CHECK(reader.attribute<double>("/", "seed") == 7.0);
  CHECK(reader.attribute<std::string>("/u", "units") == "m²/s");
  CHECK(reader.attribute<std::string>("/u", "nothing").empty());
  CHECK(reader.attribute<std::int64_t>("/u", "count") == -2);
  CHECK(reader.attribute<std::vector<std::int64_t>>("/model/layers", "steps") ==
        std::vector<std::int64_t>{1, 2, 3});
  CHECK(reader.attribute<std::vector<double>>("/model/layers", "steps") == std::vector<double>{1, 2, 3});
  CHECK(reader.attribute<std::vector<double>>("/model/layers", "shares") == std::vector<double>{.5, .25});
  CHECK(reader.attribute<std::vector<std::string>>("/model/layers", "fields") ==
        std::vector<std::string>{"vorticity", ""});
  CHECK(reader.attribute<std::vector<double>>("/model/layers", "none").empty());
  CHECK(reader.attributes("/u") == std::vector<std::string>{"count", "nothing", "units"});
  CHECK_THROWS_WITH(reader.attribute<double>("/", "format"),
                    Catch::Contains("expected the attribute format to be a number"));
  CHECK_THROWS_WITH(reader.attribute<double>("/u", "dt"),
                    Catch::Contains("a.h5:/u: expected the attribute dt"));
}

TEST_CASE("rows are written in any order, and slabs read along any axis", "[io]") {
  TemporaryFolder folder;
  const auto u = test::count_up<float>(5 * 3 * 4);
  {
    Hdf5Writer writer(folder / "a.h5");
    writer.header(test::example_header());
    writer.create<float>("/u", {5, 3, 4});
    writer.write_rows("/u", 3, 2, u.data() + 3 * 12);
    writer.write_rows("/u", 0, 3, u.data());
    writer.commit();
  }
  const Hdf5Reader reader(folder / "a.h5");
  CHECK(reader.read<float>("/u") == u);
  for (size_t axis = 0; axis < 3; ++axis) {
    const auto slab = reader.read_slab<double>("u", 1, 2, axis);
    Extents count{5, 3, 4}, first(3, 0);
    count[axis] = 2;
    first[axis] = 1;
    REQUIRE(slab.size() == count[0] * count[1] * count[2]);
    size_t entry = 0;
    for (size_t i = 0; i < count[0]; ++i)
      for (size_t j = 0; j < count[1]; ++j)
        for (size_t k = 0; k < count[2]; ++k)
          REQUIRE(slab[entry++] == u[((i + first[0]) * 3 + j + first[1]) * 4 + k + first[2]]);
  }
  const auto tensor = reader.read_tensor<double, 3>("/u");
  CHECK(tensor(4, 2, 3) == 60);
  CHECK_THROWS_WITH(reader.read_slab<float>("/u", 3, 3),
                    Catch::Contains("expected at least 6 entries along axis 0"));
  CHECK_THROWS_AS((reader.read_tensor<float, 2>("/u")), DataError);
}

TEST_CASE("tensors are written from device and host", "[io]") {
  TemporaryFolder folder;
  HostTensor<double, 2> host("host", 2, 3);
  for (size_t i = 0; i < 6; ++i) host.data()[i] = double(i);
  {
    Hdf5Writer writer(folder / "a.h5");
    writer.write("/host", host);
    writer.write("/device", to_device<double, 2>(host));
    writer.commit();
  }
  const Hdf5Reader reader(folder / "a.h5");
  CHECK(reader.read<double>("/host") == test::count_up<double>(6, 0));
  CHECK(reader.read<double>("/device") == test::count_up<double>(6, 0));
}

TEST_CASE("what a writer must not do is refused", "[io]") {
  TemporaryFolder folder;
  Hdf5Writer writer(folder / "a.h5");
  CHECK_THROWS_AS(writer.create<float>("/u", {3, 0}), ShapeError);
  CHECK_THROWS_AS(writer.write("/v", {3}, std::vector<float>(4)), ShapeError);
  writer.create<float>("/u", {3, 2});
  const std::vector<float> rows(6, 1.0f);
  CHECK_THROWS_AS(writer.write_rows("/u", 2, 2, rows.data()), ShapeError);
  CHECK_THROWS_AS(writer.write_rows("/u", 0, 2, std::vector<double>(6).data()), InternalError);
  CHECK_THROWS_AS(writer.write_rows("/w", 0, 2, rows.data()), InternalError);
  writer.write_rows("/u", 0, 2, rows.data());
  CHECK_THROWS_WITH(writer.commit(), Catch::Contains("row 2 of /u was never written"));
  CHECK_FALSE(test::fs::exists(folder / "a.h5"));
}

TEST_CASE("the same content gives the same bytes", "[io]") {
  TemporaryFolder folder;
  test::write_example(folder / "a.h5");
  ::usleep(1100000);  // a stored time of modification would differ
  test::write_example(folder / "b.h5");
  CHECK(read_file(folder / "a.h5") == read_file(folder / "b.h5"));
}

TEST_CASE("the block is laid out as promised and plain HDF5 reads the file", "[io]") {
  TemporaryFolder folder;
  const auto path = folder / "a.h5";
  test::write_example(path);
  const std::string bytes = read_file(path);
  REQUIRE(bytes.substr(0, 8) == "DANAUS01");
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, XXH3_128bits(bytes.data() + 512, bytes.size() - 512));
  CHECK(std::memcmp(bytes.data() + 8, canonical.digest, 16) == 0);
  std::uint64_t size = 0;
  std::memcpy(&size, bytes.data() + 24, 8);
  CHECK(size == bytes.size());
  CHECK(bytes.substr(32, 480) == std::string(480, '\0'));
  CHECK(to_string(verify(path)).size() == 32);

  const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
  REQUIRE(file >= 0);
  const hid_t dataset = H5Dopen2(file, "/u", H5P_DEFAULT);
  std::vector<float> u(24);
  CHECK(H5Dread(dataset, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, u.data()) >= 0);
  CHECK(u == test::count_up<float>(24));
  H5Dclose(dataset);
  H5Fclose(file);
}

TEST_CASE("the listing of a file, and errors that say what was expected", "[io]") {
  TemporaryFolder folder;
  test::write_example(folder / "a.h5");
  const Hdf5Reader reader(folder / "a.h5");
  CHECK(reader.datasets() == std::vector<std::string>{"/u"});
  CHECK(reader.groups() == std::vector<std::string>{"/group"});
  CHECK(reader.datasets("/group") == std::vector<std::string>{"/group/t"});
  CHECK(reader.all_datasets() == std::vector<std::string>{"/group/t", "/u"});
  CHECK(reader.has_dataset("group/t"));
  CHECK_FALSE(reader.has_dataset("/group"));
  CHECK(reader.has_group("/group"));
  CHECK_FALSE(reader.has_dataset("/nothing/here"));
  const std::string path = (folder / "a.h5").string();
  CHECK(reader.require("/u", 3, {ScalarType::f32}).rank() == 3);
  CHECK_THROWS_WITH(
      reader.require("/group/t", 3, {ScalarType::f32}, "regenerate it"),
      path + ":/group/t: expected rank 3 float32, found rank 1 float64 of shape (5); regenerate it");
  CHECK_THROWS_WITH(reader.require("/v", 2, {ScalarType::f32, ScalarType::f64}),
                    path + ":/v: expected a dataset, rank 2 float32 or float64, found none");
  CHECK_THROWS_AS(reader.read<std::int32_t>("/u"), DataError);
  CHECK(reader.require_format("danaus-test", 3) == 1);
  CHECK_THROWS_WITH(reader.require_format("danaus-test", 0),
                    Catch::Contains("found 1; a newer Danaus reads it"));
  CHECK_THROWS_WITH(reader.require_format("danaus-checkpoint", 1), Catch::Contains("found danaus-test"));
  CHECK_THROWS_AS(Hdf5Reader(folder / "absent.h5"), MissingInputError);
}
