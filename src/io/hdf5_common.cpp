#include <io/hdf5_common.hpp>

#include <danaus/io/hdf5.hpp>

namespace danaus::io {

namespace {

template <herr_t (*function)(hid_t)>
int close_with(std::int64_t id) {
  return function(id);
}

herr_t take_innermost(unsigned n, const H5E_error2_t* error, void* data) {
  if (n == 0 && error->desc) *static_cast<std::string*>(data) = error->desc;
  return 0;
}

}  // namespace

QuietErrors::QuietErrors() {
  H5Eget_auto2(H5E_DEFAULT, &function_, &data_);
  H5Eset_auto2(H5E_DEFAULT, keep, this);
}

herr_t QuietErrors::keep(hid_t stack, void* self) {
  return H5Ewalk2(stack, H5E_WALK_UPWARD, take_innermost, &static_cast<QuietErrors*>(self)->reason_);
}

std::string QuietErrors::reason() const {
  // HDF5 describes a failed system call at length; the user needs the system's reason.
  const std::string key = "error message = '";
  if (const auto begin = reason_.find(key); begin != std::string::npos) {
    const auto text = begin + key.size();
    return reason_.substr(text, reason_.find('\'', text) - text);
  }
  return reason_.empty() ? "HDF5 gives no reason" : reason_;
}

Hdf5Handle own_file(hid_t id) { return {id, close_with<H5Fclose>}; }
Hdf5Handle own_group(hid_t id) { return {id, close_with<H5Gclose>}; }
Hdf5Handle own_dataset(hid_t id) { return {id, close_with<H5Dclose>}; }
Hdf5Handle own_object(hid_t id) { return {id, close_with<H5Oclose>}; }
Hdf5Handle own_attribute(hid_t id) { return {id, close_with<H5Aclose>}; }
Hdf5Handle own_space(hid_t id) { return {id, close_with<H5Sclose>}; }
Hdf5Handle own_type(hid_t id) { return {id, close_with<H5Tclose>}; }
Hdf5Handle own_list(hid_t id) { return {id, close_with<H5Pclose>}; }

Hdf5Handle file_access() {
  auto list = own_list(H5Pcreate(H5P_FILE_ACCESS));
  H5Pset_fclose_degree(list, H5F_CLOSE_STRONG);
#if H5_VERSION_GE(1, 10, 7)
  H5Pset_file_locking(list, false, true);
#endif
  // Chunks of files of others are often larger than HDF5's 1 MiB, and would be inflated again for every row.
  H5Pset_sieve_buf_size(list, std::size_t(1) << 20);
  H5Pset_cache(list, 0, 12421, std::size_t(64) << 20, 0.75);
  return list;
}

Hdf5Handle native_type(ScalarType type, const char* first, const char* second) {
  if (is_complex(type)) {
    const hid_t part = type == ScalarType::c64 ? H5T_NATIVE_FLOAT : H5T_NATIVE_DOUBLE;
    const std::size_t size = size_of(type) / 2;
    auto compound = own_type(H5Tcreate(H5T_COMPOUND, 2 * size));
    H5Tinsert(compound, first, 0, part);
    H5Tinsert(compound, second, size, part);
    return compound;
  }
  switch (type) {
    case ScalarType::u8:
      return own_type(H5Tcopy(H5T_NATIVE_UINT8));
    case ScalarType::i8:
      return own_type(H5Tcopy(H5T_NATIVE_INT8));
    case ScalarType::u16:
      return own_type(H5Tcopy(H5T_NATIVE_UINT16));
    case ScalarType::i16:
      return own_type(H5Tcopy(H5T_NATIVE_INT16));
    case ScalarType::u32:
      return own_type(H5Tcopy(H5T_NATIVE_UINT32));
    case ScalarType::i32:
      return own_type(H5Tcopy(H5T_NATIVE_INT32));
    case ScalarType::u64:
      return own_type(H5Tcopy(H5T_NATIVE_UINT64));
    case ScalarType::i64:
      return own_type(H5Tcopy(H5T_NATIVE_INT64));
    case ScalarType::f32:
      return own_type(H5Tcopy(H5T_NATIVE_FLOAT));
    case ScalarType::f64:
      return own_type(H5Tcopy(H5T_NATIVE_DOUBLE));
    default:
      return {};
  }
}

namespace {

ScalarType classify_integer(hid_t type) {
  const std::size_t size = H5Tget_size(type);
  const bool is_signed = H5Tget_sign(type) == H5T_SGN_2;
  // Packed integers (precision below the size) are not what scientists store; their sign rules are not ours
  // to guess.
  if (H5Tget_precision(type) != 8 * size) return ScalarType::other;
  switch (size) {
    case 1:
      return is_signed ? ScalarType::i8 : ScalarType::u8;
    case 2:
      return is_signed ? ScalarType::i16 : ScalarType::u16;
    case 4:
      return is_signed ? ScalarType::i32 : ScalarType::u32;
    case 8:
      return is_signed ? ScalarType::i64 : ScalarType::u64;
    default:
      return ScalarType::other;
  }
}

ScalarType classify_float(hid_t type) {
  // Half precision is read as f32, which holds all of its values.
  const std::size_t size = H5Tget_size(type);
  return size == 2 || size == 4 ? ScalarType::f32 : size == 8 ? ScalarType::f64 : ScalarType::other;
}

ScalarType classify_compound(hid_t type, std::string* first, std::string* second) {
  if (H5Tget_nmembers(type) != 2) return ScalarType::other;
  std::string names[2];
  ScalarType parts[2];
  for (unsigned member = 0; member < 2; ++member) {
    if (H5Tget_member_class(type, member) != H5T_FLOAT) return ScalarType::other;
    const auto part = own_type(H5Tget_member_type(type, member));
    parts[member] = classify_float(part);
    if (char* name = H5Tget_member_name(type, member)) {
      names[member] = name;
      H5free_memory(name);
    }
  }
  const bool known = (names[0] == "r" && names[1] == "i") || (names[0] == "real" && names[1] == "imag");
  if (!known || parts[0] != parts[1] || parts[0] == ScalarType::other) return ScalarType::other;
  if (first) *first = names[0];
  if (second) *second = names[1];
  return parts[0] == ScalarType::f32 ? ScalarType::c64 : ScalarType::c128;
}

}  // namespace

ScalarType classify(hid_t type, std::string* first, std::string* second) {
  switch (H5Tget_class(type)) {
    case H5T_INTEGER:
      return classify_integer(type);
    case H5T_FLOAT:
      return classify_float(type);
    case H5T_COMPOUND:
      return classify_compound(type, first, second);
    // h5py stores booleans as an enumeration of 8-bit integers; masks come that way.
    case H5T_ENUM:
      return H5Tget_size(type) == 1 ? ScalarType::u8 : ScalarType::other;
    default:
      return ScalarType::other;
  }
}

Hdf5Handle space_of(const Extents& shape) {
  if (shape.empty()) return own_space(H5Screate(H5S_SCALAR));
  const std::vector<hsize_t> dims(shape.begin(), shape.end());
  return own_space(H5Screate_simple(int(dims.size()), dims.data(), nullptr));
}

bool select(hid_t space, const Extents& first, const Extents& count) {
  if (first.empty()) return true;
  const std::vector<hsize_t> start(first.begin(), first.end()), extent(count.begin(), count.end());
  return H5Sselect_hyperslab(space, H5S_SELECT_SET, start.data(), nullptr, extent.data(), nullptr) >= 0;
}

std::string normalized(const std::string& name) {
  std::string path;
  for (char c : "/" + name)
    if (c != '/' || path.empty() || path.back() != '/') path += c;
  if (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

std::string hdf5_library_version() {
  unsigned major = 0, minor = 0, release = 0;
  H5get_libversion(&major, &minor, &release);
  return std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(release);
}

}  // namespace danaus::io
