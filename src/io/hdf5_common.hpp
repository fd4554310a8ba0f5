#pragma once

#include <danaus/io/array_type.hpp>
#include <danaus/io/detail/hdf5_handle.hpp>

#include <hdf5.h>

#include <filesystem>
#include <string>

/// What the readers and writers share of the HDF5 C API.
namespace danaus::io {

static_assert(std::is_same_v<hid_t, std::int64_t>);
using detail::Hdf5Handle;

/// While it lives, HDF5 prints no errors; the reason of the last one is kept here. (HDF5's own stack of
/// errors is cleared by the next call, which is often the closing of a handle.)
class QuietErrors {
 public:
  QuietErrors();
  ~QuietErrors() { H5Eset_auto2(H5E_DEFAULT, function_, data_); }
  QuietErrors(const QuietErrors&) = delete;
  QuietErrors& operator=(const QuietErrors&) = delete;

  /// The innermost message of the last call that failed.
  std::string reason() const;

 private:
  static herr_t keep(hid_t stack, void* self);
  H5E_auto2_t function_ = nullptr;
  void* data_ = nullptr;
  std::string reason_;
};

Hdf5Handle own_file(hid_t id);
Hdf5Handle own_group(hid_t id);
Hdf5Handle own_dataset(hid_t id);
Hdf5Handle own_object(hid_t id);
Hdf5Handle own_attribute(hid_t id);
Hdf5Handle own_space(hid_t id);
Hdf5Handle own_type(hid_t id);
Hdf5Handle own_list(hid_t id);

/// For H5Fopen and H5Fcreate: closes everything with the file; no HDF5 lock (our own names and locks are
/// used).
Hdf5Handle file_access();
/// The type of one element in memory, or in our files (both little-endian); complex as {first, second}.
Hdf5Handle native_type(ScalarType type, const char* first = "r", const char* second = "i");
/// What an HDF5 type is to us; for complex numbers also the names of the two members.
ScalarType classify(hid_t type, std::string* first = nullptr, std::string* second = nullptr);
/// The data space of a shape; {} is a scalar.
Hdf5Handle space_of(const Extents& shape);
/// Selects a block. @return false if HDF5 refuses
bool select(hid_t space, const Extents& first, const Extents& count);

/// "/a/b" without doubled or trailing slashes; "/" for the root.
std::string normalized(const std::string& name);

}  // namespace danaus::io
