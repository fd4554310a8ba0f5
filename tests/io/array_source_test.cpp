#include "files.hpp"

#include <danaus/io/array_source.hpp>

#include <hdf5.h>
#include <zlib.h>

#include <cstring>

using namespace danaus;
using namespace danaus::io;
using test::TemporaryFolder;

namespace {

template <class T>
std::string bytes_of(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

/// A data element as the MAT-file specification lays it out: type, size, data, padding to 8 bytes.
std::string element(std::uint32_t type, const std::string& data, bool padded = true) {
  std::string bytes = bytes_of(std::vector<std::uint32_t>{type, std::uint32_t(data.size())}) + data;
  if (padded) bytes.append((8 - bytes.size() % 8) % 8, '\0');
  return bytes;
}

/// The small form: size and type share a word, up to four bytes of data follow.
std::string small_element(std::uint32_t type, std::string data) {
  const auto word = std::uint32_t(data.size()) << 16 | type;
  data.resize(4);
  return bytes_of(std::vector<std::uint32_t>{word}) + data;
}

std::string matrix(std::uint32_t flags, const std::vector<std::int32_t>& dims, const std::string& name,
                   const std::string& data) {
  return element(14, element(6, bytes_of(std::vector<std::uint32_t>{flags, 0})) + element(5, bytes_of(dims)) +
                         (name.size() <= 4 ? small_element(1, name) : element(1, name)) + data);
}

std::string compressed(const std::string& content) {
  uLongf size = compressBound(uLong(content.size()));
  std::string bytes(size, '\0');
  compress(reinterpret_cast<Bytef*>(bytes.data()), &size, reinterpret_cast<const Bytef*>(content.data()),
           uLong(content.size()));
  bytes.resize(size);
  return element(15, bytes, /*padded=*/false);
}

std::string mat5_header() {
  std::string header = "MATLAB 5.0 MAT-file, written by hand";
  header.resize(124, ' ');
  return header + std::string("\x00\x01IM", 4);
}

/// What entry (sample, x, t) of the example holds.
double value(size_t sample, size_t x, size_t t) {
  return 100.0 * double(sample) + 10.0 * double(x) + double(t);
}
constexpr size_t n_samples = 3, n_x = 4, n_t = 2;

/// The example with its first axis fastest.
template <class T>
std::vector<T> column_major() {
  std::vector<T> values;
  for (size_t t = 0; t < n_t; ++t)
    for (size_t x = 0; x < n_x; ++x)
      for (size_t sample = 0; sample < n_samples; ++sample) values.push_back(T(value(sample, x, t)));
  return values;
}

std::string example_mat5() {
  const std::vector<std::int32_t> dims{n_samples, n_x, n_t};
  return mat5_header() + compressed(matrix(6, dims, "u", element(9, bytes_of(column_major<double>())))) +
         matrix(7, dims, "single_precision", element(7, bytes_of(column_major<float>()))) +
         matrix(6, {1, 3}, "t", small_element(2, "\x05\x06\x07")) +  // doubles stored as bytes
         matrix(6 | 0x800, {2, 1}, "z",
                element(9, bytes_of(std::vector<double>{1, 2})) +
                    element(9, bytes_of(std::vector<double>{-1, -2}))) +
         matrix(4, {1, 2}, "text", element(4, std::string("h\0i\0", 4))) +
         matrix(6, {0, 3}, "none", element(9, ""));
}

void check_example(const ArraySource& source, const std::string& name) {
  REQUIRE(source.shape(name) == Extents{n_samples, n_x, n_t});
  const auto whole = source.read<float>(name);
  const auto slab = source.read_slab<double>(name, 1, 2);
  REQUIRE(slab.size() == 2 * n_x * n_t);
  for (size_t sample = 0; sample < n_samples; ++sample)
    for (size_t x = 0; x < n_x; ++x)
      for (size_t t = 0; t < n_t; ++t) {
        REQUIRE(whole[(sample * n_x + x) * n_t + t] == float(value(sample, x, t)));
        if (sample >= 1) REQUIRE(slab[((sample - 1) * n_x + x) * n_t + t] == value(sample, x, t));
      }
  CHECK_THROWS_AS(source.read_slab<float>(name, 2, 2), DataError);
  CHECK_THROWS_AS(source.read<Complex<float>>(name), DataError);
}

/// An HDF5 file as MATLAB writes it, by plain HDF5 calls: reversed axes, its header in the user block, class
/// attribute.
void write_mat73(const test::fs::path& path, bool with_header, bool with_class) {
  const hid_t creation = H5Pcreate(H5P_FILE_CREATE);
  H5Pset_userblock(creation, with_header ? 512 : 0);
  const hid_t file = H5Fcreate(path.c_str(), H5F_ACC_TRUNC, creation, H5P_DEFAULT);
  const hsize_t dims[] = {n_t, n_x, n_samples};
  const hid_t space = H5Screate_simple(3, dims, nullptr);
  const hid_t dataset =
      H5Dcreate2(file, "u", H5T_NATIVE_DOUBLE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  H5Dwrite(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, column_major<double>().data());
  if (with_class) {
    const hid_t type = H5Tcopy(H5T_C_S1), scalar = H5Screate(H5S_SCALAR);
    H5Tset_size(type, 6);
    const hid_t attribute = H5Acreate2(dataset, "MATLAB_class", type, scalar, H5P_DEFAULT, H5P_DEFAULT);
    H5Awrite(attribute, type, "double");
    H5Aclose(attribute);
    H5Sclose(scalar);
    H5Tclose(type);
  }
  H5Dclose(dataset);
  H5Sclose(space);
  H5Fclose(file);
  H5Pclose(creation);
  if (!with_header) return;
  std::string header =
      "MATLAB 7.3 MAT-file, Platform: GLNXA64, Created on: Thu Jan  1 00:00:00 1970 HDF5 schema 1.00 .";
  header.resize(124, ' ');
  header += std::string("\x00\x02IM", 4);
  std::fstream(path, std::ios::in | std::ios::out | std::ios::binary).write(header.data(), 128);
}

}  // namespace

TEST_CASE("a MATLAB 5 file, compressed or not, is read in the logical order of its axes", "[io]") {
  TemporaryFolder folder;
  test::write_plainly(folder / "a.mat", example_mat5());
  const ArraySource source(folder / "a.mat");
  CHECK(source.container() == "MATLAB 5");
  CHECK(source.names() == std::vector<std::string>{"/single_precision", "/t", "/u", "/z"});
  check_example(source, "/u");
  check_example(source, "single_precision");
  CHECK(source.info("/u").type == ScalarType::f64);
  CHECK(source.info("/single_precision").type == ScalarType::f32);
  CHECK(source.read<double>("/t") == std::vector<double>{5, 6, 7});
  CHECK(source.read<Complex<float>>("/z") == std::vector<Complex<float>>{{1, -1}, {2, -2}});
  CHECK_THROWS_WITH(
      source.require("/z", 4, {ScalarType::f32, ScalarType::f64}, "see --axes"),
      (folder / "a.mat").string() +
          ":/z: expected rank 4 float32 or float64, found rank 2 complex128 of shape (2, 1); see --axes");
  CHECK_THROWS_AS(source.read<float>("/text"), DataError);
}

TEST_CASE("no damage to a MATLAB 5 file does harm", "[io]") {
  TemporaryFolder folder;
  const std::string original = example_mat5();
  const auto path = folder / "a.mat";
  size_t refused = 0;
  const auto try_all = [&](const std::string& bytes) {
    test::write_plainly(path, bytes);
    try {
      const Mat5Reader reader(path);
      for (const std::string& name : reader.names())
        if (is_complex(reader.info(name).type))
          reader.read_column_major<Complex<double>>(name);
        else
          reader.read_column_major<double>(name);
    } catch (const DataError&) {
      ++refused;
    }
  };
  for (size_t at = 124; at < original.size(); ++at)
    for (int change : {1, 0x80, 0xFF}) {
      std::string bytes = original;
      bytes[at] = char(bytes[at] ^ change);
      try_all(bytes);
    }
  for (size_t size = 0; size < original.size(); ++size) try_all(original.substr(0, size));
  CHECK(refused > 1000);

  // A few bytes that claim terabytes.
  const std::vector<std::int32_t> huge{1 << 30, 1 << 30, 1 << 30};
  test::write_plainly(path, mat5_header() + matrix(6, huge, "u", element(9, std::string(64, 'x'))));
  CHECK_THROWS_WITH(Mat5Reader(path), Catch::Contains("more entries than the file holds"));
  test::write_plainly(path,
                      mat5_header() + compressed(matrix(6, huge, "u", element(9, std::string(64, 'x')))));
  CHECK_THROWS_WITH(Mat5Reader(path), Catch::Contains("more entries than the file holds"));
}

TEST_CASE("a MATLAB 7.3 file is known by its header or class attribute, and never by its shape", "[io]") {
  TemporaryFolder folder;
  const auto path = folder / "a.mat";
  for (const auto& [with_header, with_class] :
       {std::pair{true, true}, std::pair{true, false}, std::pair{false, true}}) {
    write_mat73(path, with_header, with_class);
    check_example(ArraySource(path), "/u");
  }
  CHECK(ArraySource(path).container() == "HDF5");
  write_mat73(path, true, true);
  CHECK(ArraySource(path).container() == "MATLAB 7.3");
  write_mat73(path, false, false);
  CHECK(ArraySource(path).shape("/u") == Extents{n_t, n_x, n_samples});
  check_example(ArraySource(path, {2, 1, 0}), "/u");
  // The order given overrides the header's too.
  write_mat73(path, true, true);
  CHECK(ArraySource(path, {0, 1, 2}).shape("/u") == Extents{n_t, n_x, n_samples});
}

TEST_CASE("a file of ours is read as it lies, and a MATLAB header does not excuse damage", "[io]") {
  TemporaryFolder folder;
  test::write_example(folder / "a.h5");
  const ArraySource source(folder / "a.h5");
  CHECK(source.container() == "Danaus HDF5");
  CHECK(source.read<float>("/u") == test::count_up<float>(24));
  CHECK(source.names() == std::vector<std::string>{"/group/t", "/u"});
  CHECK(source.hdf5()->attribute<std::string>("/", "format") == "danaus-test");
}

TEST_CASE("axes are reordered by name", "[io]") {
  CHECK(axis_permutation("sample,x,y,t", "t,y,x,sample") == std::vector<size_t>{3, 2, 1, 0});
  CHECK(axis_permutation("sample,x,t", "sample,t,x") == std::vector<size_t>{0, 2, 1});
  CHECK_THROWS_AS(axis_permutation("sample,x,t", "sample,x"), UsageError);
  CHECK_THROWS_AS(axis_permutation("sample,x,t", "sample,x,y"), UsageError);
  CHECK_THROWS_AS(axis_permutation("x,t", "x,x"), UsageError);
  TemporaryFolder folder;
  test::write_example(folder / "a.h5");
  CHECK_THROWS_AS(ArraySource(folder / "a.h5", {0, 2}), UsageError);
  const ArraySource source(folder / "a.h5", {1, 2, 0});
  REQUIRE(source.shape("/u") == Extents{3, 2, 4});
  // u(i, j, k) = 1 + 6 i + 2 j + k becomes (j, k, i).
  CHECK(source.read_slab<float>("/u", 1, 1) == std::vector<float>{3, 9, 15, 21, 4, 10, 16, 22});
}

TEST_CASE("NumPy files are written byte for byte as NumPy does, and read in either order", "[io]") {
  TemporaryFolder folder;
  const auto path = folder / "a.npy";
  const auto data = test::count_up<float>(6);
  write_npy(path, {2, 3}, data.data());
  // numpy.save of a (2, 3) float32 array, NumPy 2.4.
  std::string expected = std::string("\x93NUMPY\x01\x00v\x00", 10) +
                         "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }";
  expected.resize(127, ' ');
  CHECK(read_file(path) == expected + "\n" + bytes_of(data));

  const auto array = read_npy<double>(path);
  CHECK(array.shape == Extents{2, 3});
  CHECK(array.data == test::count_up<double>(6));
  const ArraySource source(path);
  CHECK(source.container() == "NumPy");
  CHECK(source.names() == std::vector<std::string>{"/a"});
  CHECK(source.read_slab<float>("/a", 1, 1) == std::vector<float>{4, 5, 6});

  std::string fortran = expected;
  fortran.replace(fortran.find("False"), 5, "True ");
  test::write_plainly(path, fortran + "\n" + bytes_of(std::vector<float>{1, 4, 2, 5, 3, 6}));
  CHECK(read_npy<float>(path).data == data);
  CHECK(ArraySource(path).read<float>("/a") == data);
}

TEMPLATE_TEST_CASE("NumPy files of every type and rank come back", "[io]", float, double, Complex<float>,
                   Complex<double>) {
  TemporaryFolder folder;
  const auto path = folder / "a.npy";
  for (const Extents& shape : {Extents{}, Extents{5}, Extents{2, 3, 4}}) {
    const auto data = test::count_up<TestType>(ArrayInfo{shape, ScalarType::f32}.size());
    write_npy(path, shape, data.data());
    const auto array = read_npy<TestType>(path);
    CHECK(array.shape == shape);
    CHECK(array.data == data);
  }
}

TEST_CASE("damaged NumPy files are refused", "[io]") {
  TemporaryFolder folder;
  const auto path = folder / "a.npy";
  const auto data = test::count_up<float>(6);
  write_npy(path, {2, 3}, data.data());
  const std::string original = read_file(path);
  for (size_t size = 0; size < original.size(); ++size) {
    test::write_plainly(path, original.substr(0, size));
    CHECK_THROWS_AS(read_npy<float>(path), DataError);
  }
  const auto replaced = [&](const std::string& from, const std::string& to) {
    std::string bytes = original;
    bytes.replace(bytes.find(from), from.size(), to);
    test::write_plainly(path, bytes);
  };
  replaced("'<f4'", "'>f4'");
  CHECK_THROWS_WITH(read_npy<float>(path),
                    Catch::Contains("expected little-endian numbers, found type '>f4'"));
  replaced("'<f4'", "'|O' ");
  CHECK_THROWS_AS(read_npy<float>(path), DataError);
  replaced("(2, 3)", "(9, 9)");
  CHECK_THROWS_WITH(read_npy<float>(path), Catch::Contains("expected 324 bytes"));
  replaced("(2, 3)", "(2,-3)");
  CHECK_THROWS_AS(read_npy<float>(path), DataError);
  replaced("(2, 3), }         ", "(99999999999999999)");
  CHECK_THROWS_AS(read_npy<float>(path), DataError);
  test::write_plainly(path, original);
  CHECK_THROWS_WITH(read_npy<Complex<float>>(path), Catch::Contains("expected complex numbers"));
}
