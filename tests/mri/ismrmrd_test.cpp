// Files made by the reference library (golden/make_ismrmrd.cpp), and headers that are refused.

#include <danaus/core/error.hpp>
#include <danaus/io/ismrmrd_file.hpp>
#include <danaus/mri/data/scan.hpp>
#include <danaus/mri/operators/centred_fft.hpp>
#include <mri/data/ismrmrd_header.hpp>

#include <io/files.hpp>
#include <support/random.hpp>

#include <hdf5.h>

#include <functional>

using namespace danaus;
using namespace danaus::mri;

namespace {

const std::filesystem::path golden = std::filesystem::path(__FILE__).parent_path() / "golden";

/// As make_ismrmrd.cpp writes it.
Complex<float> sample(size_t coil, size_t echo, double kx, double ky, double kz) {
  return {float(1 + double(coil) + 10 * double(echo) + .1 * kx), float(ky + .01 * kz)};
}

constexpr const char* header = R"(<?xml version="1.0"?><ns:ismrmrdHeader xmlns:ns="x"><ns:encoding>
  <ns:encodedSpace><ns:matrixSize><ns:x>8</ns:x><ns:y> 4 </ns:y><ns:z>1</ns:z></ns:matrixSize></ns:encodedSpace>
  <ns:reconSpace><ns:matrixSize><ns:x>4</ns:x><ns:y>4</ns:y><ns:z>1</ns:z></ns:matrixSize>
  <ns:fieldOfView_mm><ns:x>40.5</ns:x><ns:y>60</ns:y><ns:z>5</ns:z></ns:fieldOfView_mm></ns:reconSpace>
  <ns:trajectory>cartesian</ns:trajectory></ns:encoding></ns:ismrmrdHeader>)";

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  return text.replace(text.find(from), from.size(), to);
}

}  // namespace

TEST_CASE("planes of an ISMRMRD file lie where their counters say", "[ismrmrd]") {
  const auto scan = open_scan(golden / "plane.ismrmrd.h5");
  const auto& d = scan->description();
  CHECK(d.layout == "ismrmrd");
  CHECK((d.slices == 2 && d.rows == 8 && d.columns == 4 && d.echoes == 2 && d.coils == 2));
  CHECK((d.image_rows == 4 && d.image_columns == 4));  // readout oversampling
  CHECK((d.voxel_mm == std::vector<double>{20, 10, 15}));
  for (size_t s = 0; s < 2; ++s) {
    const auto k = scan->read_kspace(s);
    for (size_t e = 0; e < 2; ++e)
      for (size_t x = 0; x < 8; ++x)
        for (size_t y = 0; y < 4; ++y)
          for (size_t c = 0; c < 2; ++c) {
            const auto expected =
                y == 0 ? Complex<float>(0) : sample(c, e, double(x) - 4, double(y) - 2, double(s));
            CHECK(Kokkos::abs(k(e, x, y, c) - expected) <= 1e-6);
          }
  }
}

TEST_CASE("a volume is inverse-transformed along its readout and cut to its middle slices", "[ismrmrd]") {
  const auto scan = open_scan(golden / "volume.ismrmrd.h5");
  const auto& d = scan->description();
  CHECK((d.slices == 4 && d.rows == 4 && d.columns == 3 && d.echoes == 2 && d.coils == 2));
  HostTensor<Complex<float>, 4> all("all", 1, 8, 1, 2 * 4 * 3 * 2);
  for (size_t x = 0; x < 8; ++x)
    for (size_t e = 0; e < 2; ++e)
      for (size_t y = 0; y < 4; ++y)
        for (size_t z = 0; z < 3; ++z)
          for (size_t c = 0; c < 2; ++c)
            all(0, x, 0, ((e * 4 + y) * 3 + z) * 2 + c) =
                sample(c, e, double(x) - 4, double(y) - 2, double(z) - 1);
  const auto device = to_device<Complex<float>, 4>(all);
  CentredFft<float>({1, 8, 1, 48}).adjoint(Exec(), device, device);
  Exec().fence();
  const auto expected = to_host(device);
  for (size_t s = 0; s < 4; ++s) {
    const auto k = scan->read_kspace(s);
    for (size_t i = 0; i < 48; ++i) CHECK(Kokkos::abs(k.data()[i] - expected(0, s + 2, 0, i)) <= 1e-6 * 40);
  }
}

TEST_CASE("headers are read without expanding anything", "[ismrmrd]") {
  const auto h = mri::detail::parse_ismrmrd_header(header, "f");
  CHECK((h.encoded == std::array<size_t, 3>{8, 4, 1} && h.reconstructed[0] == 4 && h.field_mm[0] == 40.5));
  CHECK((h.trajectory == "cartesian" && !h.centre_1));
  const std::string bomb = "<!DOCTYPE a [<!ENTITY b \"bbbb\"><!ENTITY c \"&b;&b;&b;\">]>";
  for (const std::string& bad :
       {bomb + header, std::string(), replaced(header, "<ns:x>8", "<ns:x>-8"),
        replaced(header, "<ns:x>8", "<ns:x>99999"), replaced(header, "</ns:reconSpace>", ""),
        replaced(header, "ns:encodedSpace>", "ns:other>"), replaced(header, "<ns:x>8", "<ns:x>&c;")}) {
    INFO(bad);
    CHECK_THROWS_AS(mri::detail::parse_ismrmrd_header(bad, "f"), DataError);
  }
}

TEST_CASE("ISMRMRD data that lie in other files are not read", "[ismrmrd]") {
  const test::TemporaryFolder folder;
  const auto path = folder / "a.h5";
  const auto message = [&](const std::function<void(hid_t)>& change) {
    std::filesystem::copy_file(golden / "stack.ismrmrd.h5", path,
                               std::filesystem::copy_options::overwrite_existing);
    const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
    change(file);
    H5Fclose(file);
    try {
      open_scan(path);
    } catch (const DataError& error) {
      return std::string(error.what());
    }
    return std::string("read");
  };
  const std::string other = (golden / "blobs.ismrmrd.h5").string();
  CHECK(message([](hid_t) {}) == "read");
  for (const char* name : {"/dataset/data", "/dataset/xml"}) {
    CHECK_THAT(message([&](hid_t file) {
                 H5Ldelete(file, name, H5P_DEFAULT);
                 H5Lcreate_external(other.c_str(), name, file, name, H5P_DEFAULT, H5P_DEFAULT);
               }),
               Catch::Contains("no raw data"));
    CHECK_THAT(message([&](hid_t file) {
                 H5Lmove(file, name, file, "/moved", H5P_DEFAULT, H5P_DEFAULT);
                 H5Lcreate_soft("/moved", file, name, H5P_DEFAULT, H5P_DEFAULT);
               }),
               Catch::Contains("no raw data"));
  }
  // A type of the right kind whose values lie in a text file beside it, and one that is not written at all.
  test::write_plainly(folder / "raw", std::string(100000, 'x'));
  const auto replaced_data = [&](bool is_external, hsize_t count) {
    return message([&](hid_t file) {
      const hid_t old = H5Dopen2(file, "/dataset/data", H5P_DEFAULT), type = H5Dget_type(old);
      H5Dclose(old);
      H5Ldelete(file, "/dataset/data", H5P_DEFAULT);
      const hid_t space = H5Screate_simple(1, &count, nullptr), list = H5Pcreate(H5P_DATASET_CREATE);
      if (is_external) H5Pset_external(list, (folder / "raw").c_str(), 0, H5F_UNLIMITED);
      H5Dclose(H5Dcreate2(file, "/dataset/data", type, space, H5P_DEFAULT, list, H5P_DEFAULT));
      H5Pclose(list);
      H5Sclose(space);
      H5Tclose(type);
    });
  };
  CHECK_THAT(replaced_data(true, 4), Catch::Contains("another file"));
  CHECK_THAT(replaced_data(false, 4), Catch::Contains("never written"));
  CHECK_THAT(replaced_data(false, hsize_t(1) << 40), Catch::Contains("never written"));
}

TEST_CASE("damaged ISMRMRD files never crash the reader", "[ismrmrd]") {
  const test::TemporaryFolder folder;
  const std::string whole = io::read_file(golden / "plane.ismrmrd.h5");
  const Random random(5, stream::test);
  size_t refused = 0;
  for (std::uint64_t i = 0; i < 60; ++i) {
    std::string bad = whole;
    for (std::uint64_t k = 0; k < 1 + i % 4; ++k)
      bad[random.integer(100 * i + 2 * k, bad.size())] = char(random.integer(100 * i + 2 * k + 1, 256));
    if (i % 5 == 0) bad.resize(random.integer(100 * i + 50, bad.size()));
    test::write_plainly(folder / "bad.h5", bad);
    try {
      const auto scan = open_scan(folder / "bad.h5");
      for (size_t s = 0; s < scan->description().slices; ++s) scan->read_kspace(s);
    } catch (const Error&) {
      ++refused;
    }
  }
  CHECK(refused > 8);
}
