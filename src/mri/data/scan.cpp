#include <danaus/mri/data/scan.hpp>

#include <danaus/core/error.hpp>
#include <danaus/mri/data/cfl.hpp>
#include <mri/data/scan_files.hpp>

#include <bit>
#include <fstream>

namespace danaus::mri {

namespace {

namespace fs = std::filesystem;

constexpr const char* known_formats =
    "expected raw data of SKM-TEA (/kspace of rank 5), fastMRI (/kspace of rank 3 or 4), ISMRMRD "
    "(/dataset/data), BART (.cfl and .hdr)";

bool begins_with(const fs::path& path, size_t offset, const std::string& magic) {
  std::ifstream file(path, std::ios::binary);
  file.seekg(std::streamoff(offset));
  std::string found(magic.size(), '\0');
  return bool(file.read(found.data(), std::streamsize(found.size()))) && found == magic;
}

std::string shape_text(size_t rows, size_t columns) {
  return std::to_string(rows) + "x" + std::to_string(columns);
}

}  // namespace

HostTensor<Complex<float>, 4> Scan::read_maps(size_t) const {
  throw DataError(description_.path +
                  ": no coil sensitivities (/maps); make them with: danaus-mri coils --data " +
                  description_.path + " --out maps.h5, and give them as --maps maps.h5");
}

HostTensor<Complex<float>, 3> Scan::read_target(size_t) const {
  throw DataError(description_.path +
                  ": no reference image (/target or /reconstruction_rss) to compare with");
}

std::optional<Mask> Scan::stored_mask(const std::string&) const { return std::nullopt; }

std::shared_ptr<const Scan> open_scan(const fs::path& path) {
  if (const auto base = cfl_base(path)) return detail::open_cfl(*base);
  if (!fs::exists(path)) throw MissingInputError(path.string() + ": no such file");
  if (fs::is_directory(path)) throw DataError(path.string() + ": a folder; expected a file with raw data");
  if (begins_with(path, 128, "DICM"))
    throw DataError(path.string() + ": a DICOM image, which holds no raw data and is out of scope; " +
                    known_formats);
  const std::string signature = "\x89HDF\r\n\x1a\n";
  bool is_hdf5 = begins_with(path, 0, "DANAUS");  // or what damage has left of it
  for (size_t offset : {0, 512, 1024, 2048}) is_hdf5 = is_hdf5 || begins_with(path, offset, signature);
  if (!is_hdf5) throw DataError(path.string() + ": not a known format; " + known_formats);
  io::Hdf5Reader reader(path);
  if (detail::is_skm_tea(reader)) return detail::open_skm_tea(std::move(reader));
  if (detail::is_fastmri(reader)) return detail::open_fastmri(std::move(reader));
  if (reader.has_dataset("/dataset/data") && reader.has_dataset("/dataset/xml"))
    return detail::open_ismrmrd(path);
  if (reader.has_dataset("/kspace"))
    reader.require("/kspace", 5, {io::ScalarType::c64, io::ScalarType::c128}, known_formats);
  throw DataError(path.string() + ": no raw data in it; " + known_formats);
}

Mask fit_mask(const Mask& mask, const ScanDescription& scan, const std::string& name) {
  if (mask.count() == 0) throw DataError(name + ": the mask samples no point");
  if (mask.rows == scan.rows && mask.columns == scan.columns) return mask;
  if (mask.rows == scan.acquired_rows && mask.columns == scan.acquired_columns)
    return pad_centrally(mask, scan.rows, scan.columns);
  // One line stands for all rows.
  if (mask.rows == 1 && mask.columns == scan.columns) {
    Mask all(scan.rows, scan.columns);
    for (size_t p = 0; p < all.size(); ++p) all.samples[p] = mask.samples[p % scan.columns];
    return all;
  }
  std::string expected = shape_text(scan.acquired_rows, scan.acquired_columns);
  if (scan.acquired_rows != scan.rows || scan.acquired_columns != scan.columns)
    expected += " or " + shape_text(scan.rows, scan.columns);
  throw DataError(name + ": expected a mask of " + expected + " for " + scan.path + ", found " +
                  shape_text(mask.rows, mask.columns));
}

Mask sampled_points(const HostTensor<Complex<float>, 4>& kspace) {
  const size_t rows = kspace.extent(1), columns = kspace.extent(2), coils = kspace.extent(3);
  Mask mask(rows, columns);
  for (size_t e = 0; e < kspace.extent(0); ++e)
    for (size_t p = 0; p < rows * columns; ++p) {
      const Complex<float>* sample = kspace.data() + (e * rows * columns + p) * coils;
      for (size_t c = 0; c < coils; ++c)
        if (sample[c].real() != 0 || sample[c].imag() != 0) mask.samples[p] = 1;
    }
  return mask;
}

void require_finite_slice(const Complex<float>* values, size_t count, const std::string& where,
                          size_t slice) {
  // All bits of the exponent are set in infinities and nans alone. No early exit: this runs over all data.
  constexpr std::uint32_t exponent = 0x7f800000;
  const auto* numbers = reinterpret_cast<const float*>(values);
  std::uint32_t found = 0;
  for (size_t i = 0; i < 2 * count; ++i)
    found |= (std::bit_cast<std::uint32_t>(numbers[i]) & exponent) == exponent ? 1 : 0;
  if (found)
    throw DataError(where + ": expected finite values, found an infinity or nan in slice " +
                    std::to_string(slice));
}

}  // namespace danaus::mri
