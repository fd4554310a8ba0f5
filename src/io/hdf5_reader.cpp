#include <danaus/io/hdf5_reader.hpp>

#include <danaus/core/error.hpp>
#include <io/file_descriptor.hpp>
#include <io/hdf5_attribute.hpp>
#include <io/hdf5_common.hpp>
#include <io/user_block.hpp>

#include <algorithm>

namespace danaus::io {

Hdf5Reader::Hdf5Reader(const std::filesystem::path& path) : path_(path) {
  sealed_ = claims_to_be_ours(path);
  if (sealed_) digest_ = verify(path);
  open();
  if (sealed_ || !has_attribute("/", "created_by")) return;
  const AttributeValue origin = attribute_value("/", "created_by");
  const auto* text = std::get_if<std::string>(&origin);
  if (text && text->rfind("danaus", 0) == 0)
    throw DataError(path.string() + ": damaged: written by " + *text + " but without its digest block");
}

Hdf5Reader::Hdf5Reader(const std::filesystem::path& path, Unsealed) : path_(path) { open(); }

Hdf5Reader::~Hdf5Reader() {
  QuietErrors quiet;
  datasets_.clear();
  handle_.close();
}

Hdf5Reader::Hdf5Reader(Hdf5Reader&&) noexcept = default;

void Hdf5Reader::open() {
  file_size_ = FileDescriptor::open_for_reading(path_).size();
  QuietErrors quiet;
  if (H5Fis_hdf5(path_.c_str()) <= 0)
    throw DataError(path_.string() + ": expected an HDF5 file, found something else");
  handle_ = own_file(H5Fopen(path_.c_str(), H5F_ACC_RDONLY, file_access()));
  if (!handle_.is_open()) throw DataError(path_.string() + ": damaged HDF5 file: " + quiet.reason());
}

void Hdf5Reader::fail(const std::string& name, const std::string& what) const {
  throw DataError(path_.string() + ":" + normalized(name) + ": " + what);
}

ArrayInfo Hdf5Reader::info(const std::string& name) const { return dataset(name).info; }

ArrayInfo Hdf5Reader::require(const std::string& name, int rank, const std::vector<ScalarType>& types,
                              const std::string& hint) const {
  const std::string advice = hint.empty() ? "" : "; " + hint;
  if (!has_dataset(name))
    fail(name, "expected a dataset" +
                   (rank < 0 && types.empty() ? "" : ", " + describe_expected(rank, types)) + ", found none" +
                   advice);
  const ArrayInfo& found = dataset(name).info;
  const bool rank_fits = rank < 0 || found.rank() == std::size_t(rank);
  const bool type_fits = types.empty() || std::find(types.begin(), types.end(), found.type) != types.end();
  if (!rank_fits || !type_fits)
    fail(name, "expected " + describe_expected(rank, types) + ", found " + describe(found) + advice);
  return found;
}

std::int64_t Hdf5Reader::require_format(const std::string& format, std::int64_t newest) const {
  const auto found =
      has_attribute("/", "format") ? attribute<std::string>("/", "format") : std::string("none");
  if (found != format) throw DataError(path_.string() + ": expected format " + format + ", found " + found);
  const auto version = attribute<std::int64_t>("/", "format_version");
  if (version < 1 || version > newest)
    throw DataError(path_.string() + ": expected " + format + " of format_version 1 to " +
                    std::to_string(newest) + ", found " + std::to_string(version) +
                    (version > newest ? "; a newer Danaus reads it" : ""));
  return version;
}

template <class T>
void Hdf5Reader::read_slab(const std::string& name, const Extents& first, const Extents& count,
                           T* data) const {
  const Dataset& source = dataset(name);
  const ArrayInfo& info = source.info;
  constexpr ScalarType wanted = scalar_type_v<T>;
  const bool fits =
      is_complex(wanted) ? is_complex(info.type)
      : is_floating(wanted)
          ? is_floating(info.type) || is_integer(info.type)
          : info.type == wanted || (is_integer(info.type) && size_of(info.type) < size_of(wanted) &&
                                    (is_signed(wanted) || !is_signed(info.type)));
  if (!fits) fail(name, std::string("expected ") + name_of(wanted) + ", found " + describe(info));
  if (first.size() != info.rank() || count.size() != info.rank())
    throw ShapeError("Hdf5Reader: " + name + " has rank " + std::to_string(info.rank()) +
                     ", asked for a block of rank " + std::to_string(first.size()));
  for (std::size_t axis = 0; axis < info.rank(); ++axis)
    if (first[axis] > info.shape[axis] || count[axis] > info.shape[axis] - first[axis])
      fail(name, "expected at least " + std::to_string(first[axis] + count[axis]) + " entries along axis " +
                     std::to_string(axis) + ", found shape " + to_string(info.shape));
  if (std::find(count.begin(), count.end(), 0) != count.end()) return;

  QuietErrors quiet;
  std::string re, im;
  classify(own_type(H5Dget_type(source.handle)), &re, &im);
  const auto file_space = own_space(H5Dget_space(source.handle)), memory_space = space_of(count);
  if (!select(file_space, first, count) || H5Dread(source.handle, native_type(wanted, re.c_str(), im.c_str()),
                                                   memory_space, file_space, H5P_DEFAULT, data) < 0)
    fail(name, "cannot be read: " + quiet.reason());
}

template <class T>
std::vector<T> Hdf5Reader::read(const std::string& name) const {
  const ArrayInfo found = info(name);
  std::vector<T> data(found.size());
  read_slab(name, Extents(found.rank(), 0), found.shape, data.data());
  return data;
}

template <class T>
std::vector<T> Hdf5Reader::read_slab(const std::string& name, std::size_t first, std::size_t count,
                                     std::size_t axis) const {
  ArrayInfo slab = info(name);
  if (axis >= slab.rank())
    fail(name, "expected rank " + std::to_string(axis + 1) + " or more, found " + describe(slab));
  if (first > slab.shape[axis] || count > slab.shape[axis] - first)
    fail(name, "expected at least " + std::to_string(first + count) + " entries along axis " +
                   std::to_string(axis) + ", found shape " + to_string(slab.shape));
  Extents start(slab.rank(), 0);
  start[axis] = first;
  slab.shape[axis] = count;
  std::vector<T> data(slab.size());
  read_slab(name, start, slab.shape, data.data());
  return data;
}

AttributeValue Hdf5Reader::attribute_value(const std::string& object, const std::string& name) const {
  QuietErrors quiet;
  const auto target = open_object(object);
  AttributeValue value;
  std::string reason;
  if (!read_attribute(target, name, value, reason))
    fail(object, "expected the attribute " + name + ", found " + reason);
  return value;
}

bool Hdf5Reader::has_attribute(const std::string& object, const std::string& name) const {
  QuietErrors quiet;
  return H5Aexists(open_object(object), name.c_str()) > 0;
}

namespace {

template <class T>
constexpr const char* kind_of() {
  if constexpr (std::is_same_v<T, std::string>) return "text";
  if constexpr (std::is_same_v<T, std::int64_t>) return "an integer";
  if constexpr (std::is_same_v<T, double>) return "a number";
  return "a list";
}

/// @return false unless the value is a T, or becomes one without loss
template <class T>
bool convert(const AttributeValue& value, T& result) {
  if (const T* same = std::get_if<T>(&value)) return result = *same, true;
  if constexpr (std::is_same_v<T, double>) {
    if (const auto* integer = std::get_if<std::int64_t>(&value)) return result = double(*integer), true;
  } else if constexpr (std::is_same_v<T, std::vector<double>>) {
    if (const auto* integers = std::get_if<std::vector<std::int64_t>>(&value))
      return result.assign(integers->begin(), integers->end()), true;
  }
  // h5py users often store a list of one.
  if constexpr (!requires { typename T::value_type; } || std::is_same_v<T, std::string>) {
    if (const auto* list = std::get_if<std::vector<T>>(&value); list && list->size() == 1)
      return result = list->front(), true;
  } else {
    typename T::value_type single;
    if (convert(value, single)) return result = {single}, true;
  }
  return false;
}

}  // namespace

template <class T>
T Hdf5Reader::attribute(const std::string& object, const std::string& name) const {
  T result;
  if (!convert(attribute_value(object, name), result))
    fail(object, "expected the attribute " + name + " to be " + kind_of<T>() + ", found another type");
  return result;
}

#define DANAUS_INSTANTIATE(T)                                                                           \
  template void Hdf5Reader::read_slab<T>(const std::string&, const Extents&, const Extents&, T*) const; \
  template std::vector<T> Hdf5Reader::read_slab<T>(const std::string&, std::size_t, std::size_t,        \
                                                   std::size_t) const;                                  \
  template std::vector<T> Hdf5Reader::read<T>(const std::string&) const;
DANAUS_FOR_EACH_FILE_TYPE(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

#define DANAUS_INSTANTIATE(T) \
  template T Hdf5Reader::attribute<T>(const std::string&, const std::string&) const;
DANAUS_INSTANTIATE(std::int64_t)
DANAUS_INSTANTIATE(double)
DANAUS_INSTANTIATE(std::string)
DANAUS_INSTANTIATE(std::vector<std::int64_t>)
DANAUS_INSTANTIATE(std::vector<double>)
DANAUS_INSTANTIATE(std::vector<std::string>)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::io
