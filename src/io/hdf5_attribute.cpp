#include <io/hdf5_attribute.hpp>

#include <cstring>

namespace danaus::io {

namespace {

constexpr std::size_t largest_list = std::size_t(1) << 16;
constexpr std::size_t largest_string = std::size_t(1) << 24;

Hdf5Handle string_type() {
  auto type = own_type(H5Tcopy(H5T_C_S1));
  H5Tset_size(type, H5T_VARIABLE);
  H5Tset_cset(type, H5T_CSET_UTF8);
  return type;
}

Hdf5Handle list_space(std::size_t entries) {
  // A list without entries is a null space: HDF5 has no attributes of extent zero in all of its versions.
  return entries == 0 ? own_space(H5Screate(H5S_NULL)) : space_of({entries});
}

bool create_and_write(hid_t object, const std::string& name, hid_t type, const Hdf5Handle& space,
                      const void* data) {
  const auto attribute =
      own_attribute(H5Acreate2(object, name.c_str(), type, space, H5P_DEFAULT, H5P_DEFAULT));
  if (!attribute.is_open()) return false;
  return H5Sget_simple_extent_type(space) == H5S_NULL || H5Awrite(attribute, type, data) >= 0;
}

struct Write {
  hid_t object;
  const std::string& name;
  bool operator()(std::int64_t x) const {
    return create_and_write(object, name, H5T_NATIVE_INT64, space_of({}), &x);
  }
  bool operator()(double x) const {
    return create_and_write(object, name, H5T_NATIVE_DOUBLE, space_of({}), &x);
  }
  bool operator()(const std::string& x) const {
    const char* text = x.c_str();
    return create_and_write(object, name, string_type(), space_of({}), &text);
  }
  bool operator()(const std::vector<std::int64_t>& x) const {
    return create_and_write(object, name, H5T_NATIVE_INT64, list_space(x.size()), x.data());
  }
  bool operator()(const std::vector<double>& x) const {
    return create_and_write(object, name, H5T_NATIVE_DOUBLE, list_space(x.size()), x.data());
  }
  bool operator()(const std::vector<std::string>& x) const {
    std::vector<const char*> texts;
    for (const std::string& text : x) texts.push_back(text.c_str());
    return create_and_write(object, name, string_type(), list_space(x.size()), texts.data());
  }
};

template <class T>
bool read_numbers(hid_t attribute, hid_t memory_type, std::size_t entries, bool is_list,
                  AttributeValue& value) {
  std::vector<T> numbers(entries);
  if (entries > 0 && H5Aread(attribute, memory_type, numbers.data()) < 0) return false;
  if (is_list)
    value = std::move(numbers);
  else
    value = numbers[0];
  return true;
}

bool read_variable_strings(hid_t attribute, hid_t space, std::size_t entries,
                           std::vector<std::string>& texts) {
  std::vector<char*> pointers(entries, nullptr);
  const auto type = own_type(H5Tcopy(H5T_C_S1));
  const auto stored = own_type(H5Aget_type(attribute));
  H5Tset_size(type, H5T_VARIABLE);
  H5Tset_cset(type, H5Tget_cset(stored));
  if (entries > 0 && H5Aread(attribute, type, pointers.data()) < 0) return false;
  for (const char* pointer : pointers) texts.emplace_back(pointer ? pointer : "");
  if (entries > 0) H5Dvlen_reclaim(type, space, H5P_DEFAULT, pointers.data());
  return true;
}

bool read_fixed_strings(hid_t attribute, hid_t type, std::size_t entries, std::vector<std::string>& texts) {
  const std::size_t length = H5Tget_size(type);
  if (length == 0 || length > largest_string / std::max<std::size_t>(entries, 1)) return false;
  std::vector<char> bytes(entries * length);
  if (entries > 0 && H5Aread(attribute, type, bytes.data()) < 0) return false;
  for (std::size_t entry = 0; entry < entries; ++entry) {
    const char* text = bytes.data() + entry * length;
    texts.emplace_back(text, strnlen(text, length));
    if (H5Tget_strpad(type) == H5T_STR_SPACEPAD) texts.back().erase(texts.back().find_last_not_of(' ') + 1);
  }
  return true;
}

}  // namespace

bool write_attribute(hid_t object, const std::string& name, const AttributeValue& value) {
  if (H5Aexists(object, name.c_str()) > 0 && H5Adelete(object, name.c_str()) < 0) return false;
  return std::visit(Write{object, name}, value);
}

bool read_attribute(hid_t object, const std::string& name, AttributeValue& value, std::string& reason) {
  const auto attribute = own_attribute(H5Aopen(object, name.c_str(), H5P_DEFAULT));
  if (!attribute.is_open()) return reason = "no such attribute", false;
  const auto type = own_type(H5Aget_type(attribute)), space = own_space(H5Aget_space(attribute));
  const hssize_t entries = H5Sget_simple_extent_npoints(space);
  if (!type.is_open() || !space.is_open() || entries < 0) return reason = "damaged attribute", false;
  if (std::size_t(entries) > largest_list)
    return reason = "an attribute of " + std::to_string(entries) + " entries", false;
  const bool is_list = H5Sget_simple_extent_type(space) != H5S_SCALAR;
  const std::size_t count = std::size_t(entries);

  if (H5Tget_class(type) == H5T_STRING) {
    std::vector<std::string> texts;
    const bool variable = H5Tis_variable_str(type) > 0;
    if (!(variable ? read_variable_strings(attribute, space, count, texts)
                   : read_fixed_strings(attribute, type, count, texts)))
      return reason = "damaged or oversized string", false;
    if (is_list)
      value = std::move(texts);
    else
      value = texts.at(0);
    return true;
  }
  const ScalarType scalar = classify(type);
  bool read = false;
  if (is_integer(scalar))
    read = read_numbers<std::int64_t>(attribute, H5T_NATIVE_INT64, count, is_list, value);
  else if (is_floating(scalar))
    read = read_numbers<double>(attribute, H5T_NATIVE_DOUBLE, count, is_list, value);
  else
    return reason = "an attribute that is neither number nor string", false;
  if (!read) reason = "damaged attribute";
  return read;
}

}  // namespace danaus::io
