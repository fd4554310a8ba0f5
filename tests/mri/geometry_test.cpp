// Where an image lies in the patient: NIfTI and ISMRMRD headers, sizes of voxels, and what is cut away.

#include <danaus/io/hdf5_reader.hpp>
#include <danaus/mri/data/cfl.hpp>
#include <danaus/mri/data/image_file.hpp>
#include <mri/data/ismrmrd_geometry.hpp>

#include <io/files.hpp>

#include <cstring>

using namespace danaus;
using namespace danaus::mri;
using danaus::mri::detail::SlicePlace;
using test::TemporaryFolder;

namespace {

const std::filesystem::path golden = std::filesystem::path(__FILE__).parent_path() / "golden";
const io::FileHeader header{"danaus-mri-image", 1, "danaus 0.0.0 (test)", "test <&>", 0};

/// The header of a NIfTI file, by the offsets of its standard.
struct Nifti {
  explicit Nifti(const std::filesystem::path& path) : bytes(io::read_file(path)) {}
  template <class T>
  T at(size_t offset) const {
    T value;
    std::memcpy(&value, &bytes[offset], sizeof value);
    return value;
  }
  std::string bytes;
};

ImageVolume counted(size_t slices, size_t rows, size_t columns, size_t echoes) {
  ImageVolume image(slices, rows, columns, echoes);
  for (size_t i = 0; i < image.values.size(); ++i) image.values[i] = Complex<float>(float(i), -1);
  return image;
}

/// Affines are float32 numbers of up to 80: rounding is below 80 x 2^-24.
constexpr double rounding = 5e-6;

void check_affine(const Nifti& n, const double (&affine)[3][4], const double (&quaternion)[3], double qfac) {
  CHECK((n.at<std::int16_t>(252) == 1 && n.at<std::int16_t>(254) == 1));
  CHECK(n.at<float>(76) == float(qfac));
  for (size_t row = 0; row < 3; ++row) {
    for (size_t column = 0; column < 4; ++column) {
      INFO(row << " " << column);
      CHECK(std::abs(n.at<float>(280 + 16 * row + 4 * column) - affine[row][column]) <= rounding);
    }
    CHECK(std::abs(n.at<float>(256 + 4 * row) - quaternion[row]) <= 1e-6);
    CHECK(n.at<float>(268 + 4 * row) == n.at<float>(280 + 16 * row + 12));
  }
}

SlicePlace place(std::array<float, 3> position) { return {position, {1, 0, 0}, {0, 1, 0}, {0, 0, 1}}; }

}  // namespace

// The numbers are what golden/nifti_affine.py prints: nibabel's.
TEST_CASE("a volume's affine holds its voxels, directions and position", "[geometry]") {
  const TemporaryFolder folder;
  const auto scan = open_scan(golden / "blobs.ismrmrd.h5");
  const auto& d = scan->description();
  REQUIRE((d.slices == 8 && d.rows == 12 && d.columns == 10));
  CHECK(d.voxel_mm == std::vector<double>{5, 5, 2});
  write_image(folder / "i.nii", "nifti", header, d, counted(8, 12, 10, 1));
  const Nifti n(folder / "i.nii");
  CHECK((n.at<float>(80) == 5 && n.at<float>(84) == 5 && n.at<float>(88) == 2 && n.bytes[123] == 2));
  check_affine(n,
               {{-4.330127019, 2.5, 0, -9.679491924},
                {-2.349231552, -4.068988407, 0.684040287, 64.390655215},
                {0.855050358, 1.480990664, 1.879385242, 34.296928377}},
               {-0.0449434556, -0.1677312553, -0.9512512684}, 1);
  // Part of a volume stays where it was.
  auto part = counted(2, 12, 10, 1);
  part.first_slice = 3;
  write_image(folder / "part.nii", "nifti", header, d, part);
  check_affine(Nifti(folder / "part.nii"),
               {{-4.330127019, 2.5, 0, -22.669872981},
                {-2.349231552, -4.068988407, 0.684040287, 57.342960559},
                {0.855050358, 1.480990664, 1.879385242, 36.862079452}},
               {-0.0449434556, -0.1677312553, -0.9512512684}, 1);
}

TEST_CASE("a stack's affine follows the positions of its slices", "[geometry]") {
  const TemporaryFolder folder;
  const auto scan = open_scan(golden / "stack.ismrmrd.h5");
  const auto& d = scan->description();
  REQUIRE((d.slices == 3 && d.image_rows == 4 && d.image_columns == 4));
  CHECK(std::abs(d.voxel_mm[0] - 25) <= rounding);  // 20 mm thick
  write_image(folder / "i.nii", "nifti", header, d, counted(3, 4, 4, 1));
  check_affine(Nifti(folder / "i.nii"),
               {{0, -8.660254038, 7.5, -9.679491924},
                {-8.550503583, -4.698463104, -12.20696522, 76.361360231},
                {-23.49231552, 1.710100717, 4.442971991, 67.186170105}},
               {-0.6644630432, 0.4545194805, 0.54167521}, -1);
}

TEST_CASE("directions that make no sense, or slices that lie apart unequally, are no orientation",
          "[geometry]") {
  const auto found = [](std::vector<std::optional<SlicePlace>> places, bool is_volume) {
    ScanDescription d;
    mri::detail::find_geometry(d, is_volume, places);
    return d.geometry.has_value();
  };
  CHECK(found({place({1, 2, 3})}, true));
  CHECK(found({place({0, 0, 3}), place({0, 0, 1}), place({0, 0, -1})}, false));
  CHECK_FALSE(found({place({0, 0, 0}), place({0, 0, 1}), place({0, 0, 3})}, false));  // unequal
  CHECK_FALSE(found({place({0, 0, 0}), place({1, 0, 1}), place({2, 0, 2})}, false));  // sheared
  CHECK_FALSE(found({place({0, 0, 0}), place({0, 0, 0})}, false));                    // one place
  CHECK_FALSE(found({place({0, 0, 0}), std::nullopt}, false));
  CHECK_FALSE(found({SlicePlace{{}, {}, {}, {}}}, true));  // libismrmrd's default
  CHECK_FALSE(found({SlicePlace{{}, {1, 0, 0}, {1, 0, 0}, {0, 0, 1}}}, true));
  CHECK_FALSE(found({place({NAN, 0, 0})}, true));
}

TEST_CASE("what a scan does not say of its place, the image does not claim", "[geometry]") {
  const TemporaryFolder folder;
  ScanDescription scan;
  write_image(folder / "none.nii", "nifti", header, scan, counted(2, 3, 4, 2));
  const Nifti none(folder / "none.nii");
  CHECK((none.at<std::int16_t>(252) == 0 && none.at<std::int16_t>(254) == 0 && none.bytes[123] == 0));
  CHECK((none.at<float>(80) == 1 && none.at<float>(84) == 1 && none.at<float>(88) == 1));
  CHECK(std::string(&none.bytes[148]) == "danaus-mri; voxel size and orientation unknown");
  const auto plane = open_scan(golden / "plane.ismrmrd.h5");
  write_image(folder / "size.nii", "nifti", header, plane->description(), counted(2, 4, 4, 2));
  const Nifti size(folder / "size.nii");
  CHECK((size.at<std::int16_t>(252) == 0 && size.at<std::int16_t>(254) == 0 && size.bytes[123] == 2));
  CHECK((size.at<float>(80) == 20 && size.at<float>(84) == 10 && size.at<float>(88) == 15));
  CHECK(std::string(&size.bytes[148]) == "danaus-mri; orientation unknown");
}

TEST_CASE("fastMRI's XML header says how much of the readout is oversampled", "[geometry]") {
  const auto scan = open_scan(golden / "fastmri.h5");  // h5py's
  const auto& d = scan->description();
  CHECK((d.layout == "fastmri" && d.slices == 2 && d.coils == 2 && d.rows == 16 && d.columns == 10));
  CHECK((d.image_rows == 8 && d.image_columns == 8));
  CHECK(d.voxel_mm == std::vector<double>{4.5, 4, 5});
  const auto k = scan->read_kspace(1);
  CHECK(k(0, 3, 7, 1) == Complex<float>(1 + 1 + 2 + 3, 4));
  CHECK(scan->stored_mask("mask")->count() == 6);
}

TEST_CASE("ISMRMRD images hold volumes by echo, and stacks plane by plane", "[geometry]") {
  const TemporaryFolder folder;
  const auto image = counted(8, 12, 10, 2);
  write_image(folder / "v.h5", "ismrmrd", header, open_scan(golden / "blobs.ismrmrd.h5")->description(),
              image);
  const io::Hdf5Reader volume(folder / "v.h5");
  CHECK(!volume.is_sealed());
  CHECK(volume.shape("/dataset/image_0/data") == io::Extents{2, 1, 10, 12, 8});
  const auto values = volume.read<Complex<float>>("/dataset/image_0/data");
  CHECK(values[((1 * 10 + 7) * 12 + 5) * 8 + 3] == image.at(3, 5, 7, 1));
  const auto planes = counted(3, 4, 4, 2);
  write_image(folder / "s.h5", "ismrmrd", header, open_scan(golden / "stack.ismrmrd.h5")->description(),
              planes);
  const io::Hdf5Reader stack(folder / "s.h5");
  CHECK(stack.shape("/dataset/image_0/data") == io::Extents{6, 1, 1, 4, 4});
  const auto pixels = stack.read<Complex<float>>("/dataset/image_0/data");
  CHECK(pixels[((2 * 2 + 1) * 4 + 3) * 4 + 1] == planes.at(2, 1, 3, 1));
  // Nothing is left of a file that cannot be written.
  CHECK_THROWS_AS(write_image(folder / "absent/v.h5", "ismrmrd", header, ScanDescription{}, image), IoError);
  CHECK(folder.entries() == 2);
}
