// ISMRMRD scans are read for what is asked: readouts in any order and more than once, volumes in windows of
// slices, and memory that does not grow with the file.

#include <danaus/io/ismrmrd_file.hpp>
#include <io/hdf5_common.hpp>
#include <mri/data/scan_files.hpp>

#include <io/files.hpp>

#include <cstring>
#include <fstream>
#include <initializer_list>
#include <numeric>

using namespace danaus;
using namespace danaus::mri;

namespace {

const std::filesystem::path golden = std::filesystem::path(__FILE__).parent_path() / "golden";

/// /dataset/data of a golden file, row by row as HDF5 has them in memory, and other files with such rows.
class Rows {
 public:
  explicit Rows(const char* name)
      : file_(io::own_file(H5Fopen((golden / name).c_str(), H5F_ACC_RDONLY, io::file_access()))) {
    const auto data = io::own_dataset(H5Dopen2(file_, "/dataset/data", H5P_DEFAULT));
    const auto stored = io::own_type(H5Dget_type(data));
    type_ = io::own_type(H5Tget_native_type(stored, H5T_DIR_DEFAULT));
    space_ = io::own_space(H5Dget_space(data));
    bytes_.resize(size_t(H5Sget_simple_extent_npoints(space_)) * row_size());
    H5Dread(data, type_, H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes_.data());
  }
  ~Rows() { H5Dvlen_reclaim(type_, space_, H5P_DEFAULT, bytes_.data()); }
  Rows(const Rows&) = delete;
  Rows& operator=(const Rows&) = delete;

  size_t row_size() const { return H5Tget_size(type_); }
  size_t size() const { return bytes_.size() / row_size(); }
  std::vector<char> row(size_t i) const {
    const auto first = bytes_.begin() + std::ptrdiff_t(i * row_size());
    return {first, first + std::ptrdiff_t(row_size())};
  }

  /// A member by its path.
  template <class T>
  void set(std::vector<char>& row, std::initializer_list<const char*> path, T value) const {
    auto type = io::own_type(H5Tcopy(type_));
    size_t offset = 0;
    for (const char* name : path) {
      const auto member = unsigned(H5Tget_member_index(type, name));
      offset += H5Tget_member_offset(type, member);
      type = io::own_type(H5Tget_member_type(type, member));
    }
    std::memcpy(&row[offset], &value, sizeof value);
  }

  /// A file of `count` rows, each of them made when it is written.
  template <class MakeRow>
  void write(const std::filesystem::path& path, const std::string& xml, size_t count,
             const MakeRow& make) const {
    const auto file = io::own_file(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, io::file_access()));
    const auto group = io::own_group(H5Gcreate2(file, "/dataset", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    const auto create = [&](const char* name, hid_t type, hid_t space) {
      return io::own_dataset(H5Dcreate2(group, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    };
    const auto space = io::space_of({count}), one = io::space_of({1});
    const auto data = create("data", type_, space);
    size_t written = 0;
    for (size_t i = 0; i < count; ++i) {
      const std::vector<char> row = make(i);
      io::select(space, {i}, {1});
      written += H5Dwrite(data, type_, one, space, H5P_DEFAULT, row.data()) >= 0;
    }
    REQUIRE(written == count);
    const auto text = io::own_type(H5Tcopy(H5T_C_S1));
    H5Tset_size(text, H5T_VARIABLE);
    const char* characters = xml.c_str();
    H5Dwrite(create("xml", text, one), text, H5S_ALL, H5S_ALL, H5P_DEFAULT, &characters);
  }

 private:
  io::Hdf5Handle file_, type_, space_;
  std::vector<char> bytes_;
};

void require_same(const Scan& found, const Scan& expected, size_t slice, double tolerance) {
  const auto a = found.read_kspace(slice), b = expected.read_kspace(slice);
  REQUIRE(a.size() == b.size());
  double largest = 0;
  for (size_t i = 0; i < a.size(); ++i)
    largest = std::max<double>(largest, Kokkos::abs(a.data()[i] - b.data()[i]));
  INFO("slice " << slice);
  CHECK(largest <= tolerance);
}

/// Largest resident size of this process, in bytes, since restart_peak(); 0 where the system does not say.
size_t peak_bytes() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;)
    if (word == "VmHWM:") {
      size_t kib = 0;
      status >> kib;
      return kib << 10;
    }
  return 0;
}

void restart_peak() { std::ofstream("/proc/self/clear_refs") << 5; }

std::string header(size_t readout, size_t lines, size_t partitions) {
  const auto matrix = [](size_t x, size_t y, size_t z) {
    const auto element = [](const char* name, size_t n) {
      return std::string("<") + name + ">" + std::to_string(n) + "</" + name + ">";
    };
    return "<matrixSize>" + element("x", x) + element("y", y) + element("z", z) +
           "</matrixSize><fieldOfView_mm><x>200</x><y>200</y><z>200</z></fieldOfView_mm>";
  };
  return "<ismrmrdHeader><encoding><encodedSpace>" + matrix(readout, lines, partitions) +
         "</encodedSpace><reconSpace>" + matrix(readout / 2, lines, partitions) +
         "</reconSpace><trajectory>cartesian</trajectory></encoding></ismrmrdHeader>";
}

}  // namespace

TEST_CASE("readouts in any order, the last of a line counts", "[ismrmrd]") {
  const test::TemporaryFolder folder;
  const char* name = GENERATE("plane.ismrmrd.h5", "volume.ismrmrd.h5");
  const auto expected = open_scan(golden / name);
  const Rows rows(name);
  // Noise, navigator and calibration come first; each image readout twice, first with samples that are none.
  const size_t extra = 3, images = rows.size() - extra;
  std::vector<float> wrong(2 * 2 * 8, -7.0f);
  rows.write(folder / "a.h5", io::IsmrmrdReader(golden / name).xml(), extra + 2 * images, [&](size_t i) {
    auto row = rows.row(i < extra ? i : extra + 5 * (i - extra) % images);  // 5 is prime to 12 and to 24
    if (i >= extra && i < extra + images) rows.set(row, {"data"}, hvl_t{wrong.size(), wrong.data()});
    return row;
  });
  const auto found = open_scan(folder / "a.h5");
  REQUIRE(found->description().slices == expected->description().slices);
  // A plan may round otherwise where memory is aligned otherwise; samples are below 20, sums of 8 below 60.
  for (size_t s = 0; s < found->description().slices; ++s) require_same(*found, *expected, s, 60 * 1e-6);
}

TEST_CASE("volumes of ISMRMRD files are read in windows of slices", "[ismrmrd]") {
  const auto path = golden / "blobs.ismrmrd.h5";
  const auto whole = open_scan(path);
  const auto& d = whole->description();
  const size_t slice = d.echoes * d.rows * d.columns * d.coils * sizeof(Complex<float>);
  const size_t samples = slice * 16;  // 16 positions along the readout, 8 of which are kept
  for (size_t window : {size_t(1), 3 * slice, size_t(1) << 30}) {
    const auto scan = mri::detail::open_ismrmrd(path, window);
    CHECK(scan->held_bytes() == std::clamp(window / slice, size_t(1), d.slices) * slice + 3 * samples);
    for (size_t s : {size_t(5), size_t(0), size_t(1), size_t(7), size_t(2), size_t(6), size_t(3), size_t(4)})
      require_same(*scan, *whole, s, 0);
  }
  CHECK(open_scan(golden / "stack.ismrmrd.h5")->held_bytes() == 0);
}

#ifndef __SANITIZE_ADDRESS__  // which keeps what was freed
TEST_CASE("ISMRMRD files are not held in memory", "[ismrmrd]") {
  const test::TemporaryFolder folder;
  const bool is_volume = GENERATE(false, true);
  const size_t readout = 256, coils = 16, outer = 64, lines = 48;  // 96 MiB
  {
    const Rows rows("stack.ismrmrd.h5");
    std::vector<float> samples(2 * readout * coils);
    std::iota(samples.begin(), samples.end(), 1.0f);
    rows.write(folder / "a.h5", header(readout, lines, is_volume ? outer : 1), outer * lines, [&](size_t i) {
      auto row = rows.row(0);
      rows.set(row, {"head", "number_of_samples"}, std::uint16_t(readout));
      rows.set(row, {"head", "active_channels"}, std::uint16_t(coils));
      rows.set(row, {"head", "center_sample"}, std::uint16_t(readout / 2));
      rows.set(row, {"head", "idx", "kspace_encode_step_1"}, std::uint16_t(i % lines));
      rows.set(row, {"head", "idx", is_volume ? "kspace_encode_step_2" : "slice"}, std::uint16_t(i / lines));
      rows.set(row, {"data"}, hvl_t{samples.size(), samples.data()});
      return row;
    });
  }
  restart_peak();
  const size_t before = peak_bytes();
  const size_t window = size_t(8) << 20;
  const auto scan = mri::detail::open_ismrmrd(folder / "a.h5", window);
  for (size_t s : {size_t(0), scan->description().slices / 2, scan->description().slices - 1})
    scan->read_kspace(s);
  const size_t grown = peak_bytes() - before;
  INFO(grown);
  // Beside what is held: a slice, the readouts of a block, and HDF5's cache of 32 MiB. All samples are 96
  // MiB.
  CHECK(grown <= scan->held_bytes() + (size_t(56) << 20));
  CHECK(scan->held_bytes() <= window + (size_t(24) << 20));
}
#endif
