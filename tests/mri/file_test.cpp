// Files: scans of every layout, masks, images; and what is refused.

#include <danaus/io/image.hpp>
#include <danaus/mri/data/cfl.hpp>
#include <danaus/mri/data/image_file.hpp>
#include <danaus/mri/data/mask_file.hpp>
#include <danaus/mri/data/synthetic_scan.hpp>
#include <danaus/mri/models/reconstruction.hpp>

#include <io/files.hpp>

#include <cmath>
#include <cstring>

using namespace danaus;
using namespace danaus::mri;
using test::TemporaryFolder;
namespace fs = std::filesystem;

namespace {

const io::FileHeader header{"danaus-mri-raw", 1, "danaus 0.0.0 (test)", "test", 0};

SyntheticScanOptions small_options() {
  SyntheticScanOptions o;
  o.rows = 24, o.columns = 16, o.padded_rows = 32, o.padded_columns = 20, o.slices = 3, o.coils = 3,
  o.calibration = 6;
  return o;
}

template <class F>
std::string message_of(const F& f) {
  try {
    f();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

bool says(const std::string& message, const std::string& part) {
  return message.find(part) != std::string::npos;
}

/// The scan's k-space as other tools hold it, written by hand: kspace (slice, coil, y, z).
void write_fastmri(const fs::path& path, const Scan& scan, size_t echo, bool with_target, size_t crop) {
  const auto& d = scan.description();
  std::vector<Complex<float>> k;
  for (size_t x = 0; x < d.slices; ++x) {
    const auto slice = scan.read_kspace(x);
    for (size_t c = 0; c < d.coils; ++c)
      for (size_t y = 0; y < d.rows; ++y)
        for (size_t z = 0; z < d.columns; ++z) k.push_back(slice(echo, y, z, c));
  }
  io::Hdf5Writer writer(path);
  writer.write("/kspace", {d.slices, d.coils, d.rows, d.columns}, k);
  if (with_target) {
    const std::vector<float> rss(d.slices * crop * crop, 1.0f);
    writer.write("/reconstruction_rss", {d.slices, crop, crop}, rss);
  }
  writer.commit();
}

void write_bart(const fs::path& base, const Scan& scan) {
  const auto& d = scan.description();
  CflArray k, s;
  k.shape[CflArray::read] = s.shape[CflArray::read] = d.slices;
  k.shape[CflArray::phase1] = s.shape[CflArray::phase1] = d.rows;
  k.shape[CflArray::phase2] = s.shape[CflArray::phase2] = d.columns;
  k.shape[CflArray::coil] = s.shape[CflArray::coil] = d.coils;
  k.shape[CflArray::echo] = d.echoes;
  k.data.resize(k.size()), s.data.resize(s.size());
  // BART's READ axis is k-space too: transform the slices forward along x, by definition.
  const double pi = 3.14159265358979323846;
  for (size_t x = 0; x < d.slices; ++x) {
    const auto kspace = scan.read_kspace(x), maps = scan.read_maps(x);
    for (size_t y = 0; y < d.rows; ++y)
      for (size_t z = 0; z < d.columns; ++z)
        for (size_t c = 0; c < d.coils; ++c) {
          s.data[x + y * s.stride(1) + z * s.stride(2) + c * s.stride(3)] = maps(y, z, c, 0);
          for (size_t e = 0; e < d.echoes; ++e)
            for (size_t r = 0; r < d.slices; ++r) {
              const double half = std::floor(double(d.slices) / 2);
              const double angle = -2 * pi * (double(r) - half) * (double(x) - half) / double(d.slices);
              const Complex<float> turn(float(std::cos(angle)), float(std::sin(angle)));
              k.data[r + y * k.stride(1) + z * k.stride(2) + c * k.stride(3) + e * k.stride(5)] +=
                  turn * kspace(e, y, z, c) / std::sqrt(float(d.slices));
            }
        }
  }
  write_cfl(base, k);
  write_cfl(base.string() + "_maps", s);
}

HostTensor<Complex<float>, 3> image_of(const Scan& scan, const MapSource& maps, size_t slice) {
  const auto kspace = scan.read_kspace(slice);
  const auto x = reconstruct_slice(Exec(), find_method("cg-sense"), {}, kspace, maps.read(slice),
                                   sampled_points(kspace));
  return to_image(x, scan.description().image_rows, scan.description().image_columns);
}

/// An HDF5 file with one array that is written by the given function.
template <class Write>
fs::path raw_file(const TemporaryFolder& folder, const std::string& name, const Write& write) {
  io::Hdf5Writer writer(folder / name);
  write(writer);
  writer.commit();
  return folder / name;
}

std::vector<Complex<float>> ones(size_t size) { return std::vector<Complex<float>>(size, Complex<float>(1)); }

}  // namespace

TEST_CASE("a synthetic scan is read back in SKM-TEA's layout", "[files]") {
  const TemporaryFolder folder;
  const auto o = small_options();
  write_synthetic_scan(folder / "s.h5", header, o);
  const auto scan = open_scan(folder / "s.h5");
  const auto& d = scan->description();
  CHECK(d.layout == "skm-tea");
  CHECK((d.slices == 3 && d.rows == 32 && d.columns == 20 && d.echoes == 2 && d.coils == 3 &&
         d.map_count == 1));
  CHECK((d.acquired_rows == 24 && d.acquired_columns == 16 && d.has_target));
  const auto expected = SyntheticScan(o).slice(1);
  const auto kspace = scan->read_kspace(1);
  for (size_t e = 0; e < 2; ++e)
    for (size_t p = 0; p < 32 * 20; ++p)
      for (size_t c = 0; c < 3; ++c)
        REQUIRE(kspace.data()[(e * 640 + p) * 3 + c] == expected.kspace[(p * 2 + e) * 3 + c]);
  CHECK(scan->stored_mask("poisson_2.0x")->rows == 24);
  CHECK(!scan->stored_mask("poisson_5.0x"));
  // The target is the zero-filled image of all samples.
  const auto x =
      reconstruct_slice(Exec(), find_method("zero-filled"), {}, kspace, scan->read_maps(1), Mask(32, 20, 1));
  const auto target = scan->read_target(1);
  for (size_t e = 0; e < 2; ++e)
    for (size_t p = 0; p < 640; ++p)
      REQUIRE(Kokkos::abs(x.data()[e * 640 + p] - target.data()[e * 640 + p]) <= 1e-4);
  // The same options give the same bytes.
  write_synthetic_scan(folder / "again.h5", header, o);
  CHECK(io::read_file(folder / "s.h5") == io::read_file(folder / "again.h5"));
}

TEST_CASE("the same scan in every layout reconstructs to the same image", "[files]") {
  const TemporaryFolder folder;
  write_synthetic_scan(folder / "s.h5", header, small_options());
  const auto scan = open_scan(folder / "s.h5");
  write_fastmri(folder / "f.h5", *scan, 0, false, 0);
  write_bart(folder / "b", *scan);
  const MapSource maps(scan);
  const auto fastmri = open_scan(folder / "f.h5"), bart = open_scan(folder / "b.cfl");
  CHECK(fastmri->description().layout == "fastmri");
  CHECK((bart->description().layout == "cfl" && bart->description().slices == 3 &&
         bart->description().echoes == 2));
  const MapSource bart_maps(bart, folder / "b_maps");
  for (size_t slice = 0; slice < 3; ++slice) {
    const auto expected = image_of(*scan, maps, slice), of_bart = image_of(*bart, bart_maps, slice);
    double largest = 0, worst = 0;
    for (size_t i = 0; i < expected.size(); ++i) {
      largest = std::max(largest, double(Kokkos::abs(expected.data()[i])));
      worst = std::max(worst, double(Kokkos::abs(expected.data()[i] - of_bart.data()[i])));
    }
    // Two transforms along x in float32 come in between, and thirty iterations that amplify them.
    CHECK(worst <= 1e-3 * largest);
    const auto kspace = fastmri->read_kspace(slice), direct = scan->read_kspace(slice);
    for (size_t i = 0; i < kspace.size(); ++i) REQUIRE(kspace.data()[i] == direct.data()[i]);
  }
  const std::string missing = message_of([&] { fastmri->read_maps(0); });
  CHECK(says(missing, "danaus-mri coils --data"));
}

TEST_CASE("readout oversampling is cut to the reference image's size", "[files]") {
  const TemporaryFolder folder;
  write_synthetic_scan(folder / "s.h5", header, small_options());
  write_fastmri(folder / "f.h5", *open_scan(folder / "s.h5"), 1, true, 12);
  const auto scan = open_scan(folder / "f.h5");
  CHECK((scan->description().image_rows == 12 && scan->description().image_columns == 12));
  HostTensor<Complex<float>, 4> x("x", 1, 32, 20, 1);
  x(0, 16, 10, 0) = 5;
  CHECK(to_image(x, 12, 12)(0, 6, 6) == Complex<float>(5));
  CHECK(scan->read_target(0).extent(1) == 12);
}

TEST_CASE("pixels without sensitivities are zero, whatever the method", "[files]") {
  const TemporaryFolder folder;
  write_synthetic_scan(folder / "s.h5", header, small_options());
  const auto scan = open_scan(folder / "s.h5");
  const auto maps = scan->read_maps(1), kspace = scan->read_kspace(1);
  for (const auto& method : methods()) {
    const auto x = reconstruct_slice(Exec(), method, {}, kspace, maps, Mask(32, 20, 1));
    size_t outside = 0;
    for (size_t p = 0; p < 640; ++p) {
      if (maps.data()[3 * p] != Complex<float>(0)) continue;
      ++outside;
      REQUIRE(x.data()[p] == Complex<float>(0));
    }
    CHECK(outside > 50);
  }
}

TEST_CASE("masks go through every format", "[files]") {
  const TemporaryFolder folder;
  MaskOptions o;
  o.rows = 30, o.columns = 18, o.calibration = 6, o.acceleration = 3;
  const Mask mask = make_mask(o);
  for (const char* name : {"m.h5", "m.cfl", "m.png"}) {
    write_mask(folder / name, header, o, mask);
    const Mask read = read_mask(folder / name);
    CHECK((read.rows == 30 && read.columns == 18 && read.samples == mask.samples));
  }
  CHECK_THROWS_AS(write_mask(folder / "m.tiff", header, o, mask), UsageError);
  CHECK_THROWS_AS(read_mask(folder / "none.h5"), MissingInputError);
  CHECK_THROWS_AS(read_mask(raw_file(folder, "two.h5",
                                     [](io::Hdf5Writer& w) {
                                       w.write("/mask", {2, 2}, std::vector<float>{0, 1, 2, 1});
                                     })),
                  DataError);
  CHECK_THROWS_AS(read_mask(raw_file(folder, "zero.h5",
                                     [](io::Hdf5Writer& w) {
                                       w.write("/mask", {2, 2}, std::vector<float>(4));
                                     })),
                  DataError);
  ScanDescription scan;
  scan.rows = 32, scan.columns = 20, scan.acquired_rows = 30, scan.acquired_columns = 18;
  CHECK(fit_mask(mask, scan, "m").rows == 32);
  scan.acquired_rows = 28;
  CHECK(says(message_of([&] { fit_mask(mask, scan, "m.h5"); }), "m.h5: expected a mask of 28x18 or 32x20"));
}

TEST_CASE("images are written in every format", "[files]") {
  const TemporaryFolder folder;
  ImageVolume image(2, 4, 3, 2);
  for (size_t i = 0; i < image.values.size(); ++i) image.values[i] = Complex<float>(float(i), -1);
  ScanDescription scan;
  scan.voxel_mm = {2, .5, .8};
  write_image(folder / "i.h5", "danaus", header, scan, image);
  const io::Hdf5Reader reader(folder / "i.h5");
  CHECK(reader.shape("/reconstruction") == io::Extents{2, 4, 3, 2});
  CHECK(reader.read<Complex<float>>("/reconstruction") == image.values);
  write_image(folder / "i.cfl", "cfl", header, scan, image);
  const CflArray array = read_cfl(folder / "i");
  CHECK(array.data[1 + 2 * array.stride(1) + 1 * array.stride(2) + 1 * array.stride(5)] ==
        image.at(1, 2, 1, 1));
  write_image(folder / "i.nii", "nifti", header, scan, image);
  const std::string nifti = io::read_file(folder / "i.nii");
  float value;
  std::int16_t extent;
  std::memcpy(&extent, &nifti[44], 2);
  CHECK((nifti.size() == 352 + 48 * 4 && extent == 4));
  std::memcpy(&value, &nifti[352 + 4 * (1 + 2 * (2 + 4 * (1 + 3 * 1)))], 4);
  CHECK(value == Kokkos::abs(image.at(1, 2, 1, 1)));
  write_image(folder / "i.png", "png", header, scan, image, &image);
  // Two echoes of four panels; voxels of 0.5 x 0.8 mm are shown 1.6 times as wide as high.
  const auto picture = io::read_png(folder / "i.png");
  CHECK((picture.height == 2 * 4 && picture.width == 4 * 5));
  CHECK_THROWS_AS(write_image(folder / "f.h5", "fastmri", header, scan, image), UsageError);
  CHECK(image_format_of("a/b.nii") == "nifti");
  CHECK_THROWS_AS(image_format_of("a/b.dcm"), UsageError);
}

TEST_CASE("raw data that are not what they should be are refused by name", "[files]") {
  const TemporaryFolder folder;
  const auto open_message = [&](const fs::path& path) { return message_of([&] { open_scan(path); }); };
  const auto skm = [&](const std::string& name, io::Extents maps, io::Extents target) {
    return raw_file(folder, name, [&](io::Hdf5Writer& w) {
      w.write("/kspace", {2, 8, 6, 2, 3}, ones(2 * 8 * 6 * 2 * 3));
      const auto size = [](const io::Extents& e) { return io::ArrayInfo{e, io::ScalarType::c64}.size(); };
      if (!maps.empty()) w.write("/maps", maps, ones(size(maps)));
      if (!target.empty()) w.write("/target", target, ones(size(target)));
    });
  };
  CHECK(says(open_message(skm("coils.h5", {2, 8, 6, 4, 1}, {})), "expected 3 coils as in /kspace, found 4"));
  CHECK(says(open_message(skm("plane.h5", {2, 6, 8, 3, 1}, {})), "/maps: expected (x, y, z) as /kspace"));
  CHECK(says(open_message(skm("echo.h5", {}, {2, 8, 6, 1, 1})), "expected 2 echoes"));
  const auto none = open_scan(skm("nomaps.h5", {}, {}));
  CHECK(says(message_of([&] { none->read_maps(0); }), "no coil sensitivities"));
  CHECK(says(message_of([&] { none->read_target(0); }), "no reference image"));
  const auto rank = raw_file(folder, "rank.h5", [](io::Hdf5Writer& w) {
    w.write("/kspace", {4, 4}, ones(16));
  });
  CHECK(says(open_message(rank), "/kspace: expected rank 5"));
  const auto real = raw_file(folder, "real.h5", [](io::Hdf5Writer& w) {
    w.write("/kspace", {1, 4, 4, 1, 1}, std::vector<float>(16));
  });
  CHECK(says(open_message(real), "complex64"));
  const auto nan = raw_file(folder, "nan.h5", [](io::Hdf5Writer& w) {
    auto k = ones(3 * 4 * 4);
    k[40] = Complex<float>(NAN, 0);
    w.write("/kspace", {3, 4, 4, 1, 1}, k);
  });
  CHECK(says(message_of([&] { open_scan(nan)->read_kspace(2); }), "infinity or nan in slice 2"));
  CHECK_NOTHROW(open_scan(nan)->read_kspace(0));

  std::string dicom(200, '\0');
  dicom.replace(128, 4, "DICM");
  test::write_plainly(folder / "d.dcm", dicom);
  CHECK(says(open_message(folder / "d.dcm"), "out of scope"));
  test::write_plainly(folder / "text.h5", "not raw data");
  CHECK(says(open_message(folder / "text.h5"), "not a known format"));
  CHECK_THROWS_AS(open_scan(folder / "none.h5"), MissingInputError);
}

TEST_CASE("damaged cfl pairs are refused", "[files]") {
  const TemporaryFolder folder;
  CflArray array;
  array.shape[0] = 4, array.shape[1] = 5;
  array.data = ones(20);
  write_cfl(folder / "a", array);
  CHECK(read_cfl(folder / "a").data == array.data);
  const std::string data = io::read_file(folder / "a.cfl");
  test::write_plainly(folder / "a.cfl", data.substr(1));
  CHECK_THROWS_AS(read_cfl(folder / "a"), DataError);
  test::write_plainly(folder / "a.cfl", data);
  for (const char* text :
       {"", "# Dimensions\n", "# Dimensions\n4 -5\n", "# Dimensions\n4 0 5\n", "# Dimensions\nfour\n",
        "# Dimensions\n99999999999999999999\n", "# Dimensions\n4294967296 4294967296 4294967296\n",
        "# Dimensions\n1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 20\n"}) {
    test::write_plainly(folder / "a.hdr", text);
    INFO(text);
    CHECK_THROWS_AS(read_cfl(folder / "a"), DataError);
  }
  fs::remove(folder / "a.hdr");
  CHECK_THROWS_AS(read_cfl(folder / "a"), MissingInputError);
}
