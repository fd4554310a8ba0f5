#include "files.hpp"

#include <danaus/core/random.hpp>
#include <danaus/io/array_source.hpp>

#include <hdf5.h>
#include <sys/wait.h>

#include <cmath>
#include <functional>

using namespace danaus;
using namespace danaus::io;
using test::TemporaryFolder;

namespace {

/// A file written by plain HDF5 calls.
void write_foreign(const test::fs::path& path, const std::function<void(hid_t file)>& fill) {
  const hid_t file = H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  fill(file);
  REQUIRE(H5Fclose(file) >= 0);
}

/// A dataset, written unless `data` is null. Takes over the creation list.
void add(hid_t file, const char* name, hid_t type, const std::vector<hsize_t>& dims, const void* data,
         hid_t creation = H5P_DEFAULT, hid_t memory_type = H5I_INVALID_HID) {
  const hid_t space = H5Screate_simple(int(dims.size()), dims.data(), nullptr);
  const hid_t dataset = H5Dcreate2(file, name, type, space, H5P_DEFAULT, creation, H5P_DEFAULT);
  REQUIRE(dataset >= 0);
  if (data)
    REQUIRE(H5Dwrite(dataset, memory_type < 0 ? type : memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) >=
            0);
  H5Dclose(dataset);
  H5Sclose(space);
  if (creation != H5P_DEFAULT) H5Pclose(creation);
}

hid_t chunked(const std::vector<hsize_t>& chunk, bool compressed) {
  const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_chunk(creation, int(chunk.size()), chunk.data());
  if (compressed) H5Pset_deflate(creation, 4);
  return creation;
}

std::string refusal(const test::fs::path& path, const std::string& name) {
  try {
    Hdf5Reader(path).read<double>(name);
  } catch (const DataError& error) {
    const std::string text = error.what();
    CHECK(text.rfind(path.string() + ":" + name, 0) == 0);
    return text;
  }
  return "accepted";
}

// A filter that only the writer has: it stands for LZF, Blosc, Zstandard.
size_t pass_through(unsigned, size_t, const unsigned[], size_t bytes, size_t*, void**) { return bytes; }

}  // namespace

TEST_CASE("the types of other programs are read: big-endian, half, booleans, packed in chunks", "[io]") {
  TemporaryFolder folder;
  const auto path = folder / "a.h5";
  const auto values = test::count_up<double>(6);
  write_foreign(path, [&](hid_t file) {
    add(file, "big", H5T_IEEE_F64BE, {2, 3}, values.data(), H5P_DEFAULT, H5T_NATIVE_DOUBLE);
    add(file, "chunked", H5T_IEEE_F32LE, {2, 3}, values.data(), chunked({1, 2}, true), H5T_NATIVE_DOUBLE);
    add(file, "short", H5T_STD_I16BE, {2, 3}, values.data(), H5P_DEFAULT, H5T_NATIVE_DOUBLE);
    const hid_t half = H5Tcopy(H5T_IEEE_F32LE);
    H5Tset_fields(half, 15, 10, 5, 0, 10);
    H5Tset_size(half, 2);
    H5Tset_ebias(half, 15);
    add(file, "half", half, {2, 3}, values.data(), H5P_DEFAULT, H5T_NATIVE_DOUBLE);
    H5Tclose(half);
    const hid_t boolean = H5Tenum_create(H5T_NATIVE_INT8);
    const std::int8_t no = 0, yes = 1, mask[] = {0, 1, 1};
    H5Tenum_insert(boolean, "FALSE", &no);
    H5Tenum_insert(boolean, "TRUE", &yes);
    add(file, "mask", boolean, {3}, mask);
    H5Tclose(boolean);
    const hid_t matlab = H5Tcreate(H5T_COMPOUND, 16);
    H5Tinsert(matlab, "real", 0, H5T_NATIVE_DOUBLE);
    H5Tinsert(matlab, "imag", 8, H5T_NATIVE_DOUBLE);
    add(file, "complex", matlab, {3}, values.data());
    H5Tclose(matlab);
  });
  const Hdf5Reader reader(path);
  CHECK_FALSE(reader.is_sealed());
  for (const char* name : {"big", "chunked", "short", "half"}) {
    CHECK(reader.read<double>(name) == values);
    CHECK(reader.read<float>(name) == test::count_up<float>(6));
  }
  CHECK(reader.read<std::uint8_t>("mask") == std::vector<std::uint8_t>{0, 1, 1});
  CHECK(reader.read<std::int64_t>("short") == test::count_up<std::int64_t>(6));
  CHECK(reader.read<Complex<float>>("complex") == std::vector<Complex<float>>{{1, 2}, {3, 4}, {5, 6}});
  CHECK_THROWS_AS(reader.read<std::uint32_t>("short"), DataError);  // it may hold negative numbers
  CHECK_THROWS_AS(reader.read<std::uint8_t>("short"), DataError);
  CHECK_THROWS_AS(reader.read<float>("complex"), DataError);
}

TEST_CASE("links out of a file, and within it, are not followed", "[io]") {
  TemporaryFolder folder;
  const auto path = folder / "a.h5";
  const float one = 1;
  write_foreign(folder / "b.h5", [&](hid_t file) { add(file, "u", H5T_NATIVE_FLOAT, {1}, &one); });
  write_foreign(path, [&](hid_t file) {
    add(file, "u", H5T_NATIVE_FLOAT, {1}, &one);
    H5Lcreate_external((folder / "b.h5").c_str(), "/u", file, "outside", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_external((folder / "b.h5").c_str(), "/", file, "folder", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_soft("/u", file, "soft", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_soft("/nowhere", file, "dangling", H5P_DEFAULT, H5P_DEFAULT);
    const hid_t group = H5Gcreate2(file, "circle", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_hard(file, "/circle", group, "again", H5P_DEFAULT, H5P_DEFAULT);
    H5Gclose(group);
  });
  for (const char* name : {"/outside", "/folder", "/soft", "/dangling"})
    CHECK_THAT(refusal(path, name), Catch::Contains("a soft or external link"));
  CHECK_THROWS_WITH(Hdf5Reader(path).read<float>("/folder/u"), Catch::Contains("a soft or external link"));
  const Hdf5Reader reader(path);
  CHECK(reader.datasets() == std::vector<std::string>{"/u"});
  CHECK_FALSE(reader.has_dataset("/outside"));
  CHECK_FALSE(reader.has_dataset("/folder/u"));
  CHECK_THROWS_WITH(reader.all_datasets(), Catch::Contains("deep"));
}

TEST_CASE("shapes that the file does not back with bytes are refused before memory is taken", "[io]") {
  TemporaryFolder folder;
  const auto path = folder / "a.h5";
  const auto values = test::count_up<float>(6);
  const hsize_t huge = hsize_t(1) << 40;
  write_foreign(folder / "b.h5", [&](hid_t file) { add(file, "u", H5T_NATIVE_FLOAT, {6}, values.data()); });
  test::write_plainly(folder / "raw", std::string(64, 'x'));
  write_foreign(path, [&](hid_t file) {
    add(file, "unwritten", H5T_NATIVE_FLOAT, {huge}, nullptr);
    add(file, "overflow", H5T_NATIVE_FLOAT, {huge, huge}, nullptr, chunked({1, 1}, false));
    add(file, "sparse", H5T_NATIVE_FLOAT, {huge}, nullptr, chunked({1024}, true));
    add(file, "empty", H5T_NATIVE_FLOAT, {0, 3}, nullptr);
    add(file, "text", H5T_C_S1, {3}, "abc");
    add(file, "deep", H5T_NATIVE_FLOAT, {1, 1, 1, 1, 1, 1, 1, 1, 1}, values.data());
    add(file, "large_chunks", H5T_NATIVE_FLOAT, {hsize_t(1) << 29}, nullptr,
        chunked({(hsize_t(1) << 28) + 1}, true));
    // One chunk written of very many.
    add(file, "claims", H5T_NATIVE_FLOAT, {hsize_t(1) << 34}, nullptr, chunked({256}, true));
    const hid_t claims = H5Dopen2(file, "claims", H5P_DEFAULT);
    const hid_t space = H5Dget_space(claims),
                memory = H5Screate_simple(1, std::vector<hsize_t>{6}.data(), nullptr);
    const hsize_t start = 0, count = 6;
    H5Sselect_hyperslab(space, H5S_SELECT_SET, &start, nullptr, &count, nullptr);
    H5Dwrite(claims, H5T_NATIVE_FLOAT, memory, space, H5P_DEFAULT, values.data());
    H5Sclose(memory);
    H5Sclose(space);
    H5Dclose(claims);
    const hid_t external = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_external(external, (folder / "raw").c_str(), 0, 24);
    add(file, "external", H5T_NATIVE_FLOAT, {6}, nullptr, external);
    const hid_t virtual_list = H5Pcreate(H5P_DATASET_CREATE);
    const hsize_t six = 6;
    const hid_t here = H5Screate_simple(1, &six, nullptr);
    H5Pset_virtual(virtual_list, here, (folder / "b.h5").c_str(), "/u", here);
    H5Sclose(here);
    add(file, "virtual", H5T_NATIVE_FLOAT, {6}, nullptr, virtual_list);
  });
  CHECK_THAT(refusal(path, "/unwritten"), Catch::Contains("never written"));
  CHECK_THAT(refusal(path, "/overflow"), Catch::Contains("more entries than any file holds"));
  CHECK_THAT(refusal(path, "/sparse"), Catch::Contains("never written"));
  CHECK_THAT(refusal(path, "/empty"), Catch::Contains("expected entries, found shape (0, 3)"));
  CHECK_THAT(refusal(path, "/text"), Catch::Contains("expected float64, found rank 1 another type"));
  CHECK_THAT(refusal(path, "/deep"), Catch::Contains("found rank 9"));
  CHECK_THAT(refusal(path, "/large_chunks"), Catch::Contains("chunks of more than 1 GiB"));
  CHECK_THAT(refusal(path, "/claims"), Catch::Contains("claims more data than its chunks hold"));
  CHECK_THAT(refusal(path, "/external"), Catch::Contains("another file"));
  CHECK_THAT(refusal(path, "/virtual"), Catch::Contains("virtual"));
  CHECK_THAT(refusal(path, "/absent"), Catch::Contains("found none"));
}

TEST_CASE("a filter that this HDF5 lacks is named, with the way out", "[io]") {
  TemporaryFolder folder;
  const auto path = folder / "a.h5";
  const H5Z_class2_t filter{H5Z_CLASS_T_VERS, 32000, 1, 1, "lzf", nullptr, nullptr, pass_through};
  H5Zregister(&filter);
  write_foreign(path, [&](hid_t file) {
    const hid_t creation = chunked({3}, false);
    H5Pset_filter(creation, 32000, 0, 0, nullptr);
    add(file, "u", H5T_NATIVE_FLOAT, {3}, std::vector<float>(3).data(), creation);
  });
  H5Zunregister(32000);
  CHECK(ArraySource(path).names() == std::vector<std::string>{"/u"});
  CHECK_THAT(refusal(path, "/u"), Catch::Contains("LZF (32000)") && Catch::Contains("h5repack"));
}

TEST_CASE("HDF5 stays silent about a damaged file of others", "[io]") {
  TemporaryFolder folder;
  const auto path = folder / "a.h5";
  const auto values = test::count_up<float>(600);
  write_foreign(path, [&](hid_t file) { add(file, "group_u", H5T_NATIVE_FLOAT, {20, 30}, values.data()); });
  const std::string original = read_file(path);
  const Random random(5, stream::test);
  size_t refused = 0;
  const auto log = folder / "stderr";
  std::fflush(stderr);
  const int saved = ::dup(2);
  REQUIRE(std::freopen(log.c_str(), "w", stderr));
  for (std::uint64_t mutation = 0; mutation < 300; ++mutation) {
    std::string bytes = original;
    const size_t at = random.integer(2 * mutation, mutation % 2 ? 800 : bytes.size());
    if (random.integer(2 * mutation + 1, 2))
      bytes.resize(at);
    else
      bytes[at] = char(bytes[at] ^ (1 << (mutation % 8)));
    test::write_plainly(path, bytes);
    try {
      const Hdf5Reader reader(path);
      for (const std::string& name : reader.all_datasets()) reader.read<double>(name);
    } catch (const DataError&) {
      ++refused;
    }
  }
  std::fflush(stderr);
  ::dup2(saved, 2);
  ::close(saved);
  CHECK(read_file(log).empty());
  CHECK(refused > 100);
}
