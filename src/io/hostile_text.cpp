#include <danaus/io/hostile_text.hpp>

#include <danaus/core/error.hpp>
#include <danaus/io/hdf5_reader.hpp>
#include <io/child_trial.hpp>
#include <io/hdf5_common.hpp>
#include <io/hdf5_text.hpp>

#include <cstring>

namespace danaus::io {

namespace {

constexpr std::size_t largest_text = std::size_t(1) << 24;

}  // namespace

std::string read_text(hid_t set, const std::string& where) {
  QuietErrors quiet;
  const auto type = own_type(H5Dget_type(set)), space = own_space(H5Dget_space(set));
  if (!type.is_open() || H5Tget_class(type) != H5T_STRING || H5Sget_simple_extent_npoints(space) != 1)
    throw DataError(where + ": expected one text");
  if (H5Tis_variable_str(type) > 0) {
    char* text = nullptr;
    const auto memory = own_type(H5Tcopy(H5T_C_S1));
    H5Tset_size(memory, H5T_VARIABLE);
    H5Tset_cset(memory, H5Tget_cset(type));
    if (H5Dread(set, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, &text) < 0 || !text)
      throw DataError(where + ": damaged: " + quiet.reason());
    const std::string result(text, ::strnlen(text, largest_text));
    H5free_memory(text);
    return result;
  }
  const std::size_t size = H5Tget_size(type);
  if (size == 0 || size > largest_text) throw DataError(where + ": expected up to 16 MiB of text");
  std::string result(size, '\0');
  if (H5Dread(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, result.data()) < 0)
    throw DataError(where + ": damaged: " + quiet.reason());
  result.resize(::strnlen(result.data(), size));
  return result;
}

std::string read_hostile_text(const std::filesystem::path& path, const std::string& dataset) {
  const std::string where = path.string() + ":" + dataset;
  Hdf5Reader(path).info(dataset);  // checks links and storage
  return in_child(path, [&] {
    QuietErrors quiet;
    const auto file = own_file(H5Fopen(path.c_str(), H5F_ACC_RDONLY, file_access()));
    const auto set = own_dataset(H5Dopen2(file, dataset.c_str(), H5P_DEFAULT));
    if (!set.is_open()) throw DataError(where + ": damaged: " + quiet.reason());
    return read_text(set, where);
  });
}

}  // namespace danaus::io
