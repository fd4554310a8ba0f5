#include <danaus/io/array_source.hpp>

#include <danaus/core/error.hpp>
#include <danaus/core/instantiate.hpp>
#include <io/hdf5_common.hpp>
#include <io/numbers.hpp>

#include <algorithm>
#include <numeric>
#include <sstream>

namespace danaus::io {

namespace {

template <class... Case>
struct Cases : Case... {
  using Case::operator()...;
};
template <class... Case>
Cases(Case...) -> Cases<Case...>;

/// Entries [first, first + count) along one axis of a row-major array.
template <class T>
std::vector<T> slab_of(const std::vector<T>& data, const Extents& shape, size_t axis, size_t first,
                       size_t count) {
  size_t inner = 1, outer = 1;
  for (size_t a = 0; a < shape.size(); ++a) (a < axis ? outer : inner) *= a == axis ? 1 : shape[a];
  std::vector<T> slab;
  slab.reserve(outer * count * inner);
  for (size_t o = 0; o < outer; ++o) {
    const auto begin = data.begin() + std::ptrdiff_t((o * shape[axis] + first) * inner);
    slab.insert(slab.end(), begin, begin + std::ptrdiff_t(count * inner));
  }
  return slab;
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, ',');) parts.push_back(part);
  return parts;
}

bool is_identity(const std::vector<size_t>& order) {
  for (size_t axis = 0; axis < order.size(); ++axis)
    if (order[axis] != axis) return false;
  return true;
}

bool is_array(const Hdf5Reader& file, const std::string& name) {
  // MATLAB keeps what cells refer to in a group of its own.
  if (name.rfind("/#refs#", 0) == 0 || file.has_attribute(name, "MATLAB_empty")) return false;
  try {
    return file.type(name) != ScalarType::other;
  } catch (const DataError&) {
    return true;  // one that cannot be read says why when it is used, and does not hide the others
  }
}

}  // namespace

ArraySource::ArraySource(const std::filesystem::path& path, std::vector<size_t> axes)
    : path_(path), axes_(std::move(axes)) {
  std::vector<size_t> sorted = axes_;
  std::sort(sorted.begin(), sorted.end());
  if (!is_identity(sorted)) throw UsageError("axes: expected each axis from 0 to rank - 1 once");
  if (is_npy(path))
    file_ = Npy{normalized(path.stem().string()), read_npy_header(path)};
  else if (Mat5Reader::recognizes(path))
    file_ = std::make_unique<Mat5Reader>(path);
  else
    file_ = std::make_unique<Hdf5Reader>(path);
  matlab_header_ = has_matlab_header(path);
}

void ArraySource::fail(const std::string& name, const std::string& what) const {
  throw DataError(path_.string() + ":" + normalized(name) + ": " + what);
}

std::string ArraySource::container() const {
  return std::visit(Cases{[&](const std::unique_ptr<Hdf5Reader>& file) -> std::string {
                            return file->is_sealed() ? "Danaus HDF5" : matlab_header_ ? "MATLAB 7.3" : "HDF5";
                          },
                          [](const std::unique_ptr<Mat5Reader>&) -> std::string { return "MATLAB 5"; },
                          [](const Npy&) -> std::string { return "NumPy"; }},
                    file_);
}

const Hdf5Reader* ArraySource::hdf5() const {
  const auto* file = std::get_if<std::unique_ptr<Hdf5Reader>>(&file_);
  return file ? file->get() : nullptr;
}

std::vector<std::string> ArraySource::names() const {
  return std::visit(Cases{[](const std::unique_ptr<Hdf5Reader>& file) {
                            std::vector<std::string> names = file->all_datasets();
                            std::erase_if(names,
                                          [&](const std::string& name) { return !is_array(*file, name); });
                            return names;
                          },
                          [](const std::unique_ptr<Mat5Reader>& file) {
                            std::vector<std::string> names = file->names();
                            for (std::string& name : names) name = normalized(name);
                            return names;
                          },
                          [](const Npy& file) { return std::vector<std::string>{file.name}; }},
                    file_);
}

bool ArraySource::contains(const std::string& name) const {
  return std::visit(Cases{[&](const std::unique_ptr<Hdf5Reader>& file) { return file->has_dataset(name); },
                          [&](const std::unique_ptr<Mat5Reader>& file) {
                            return file->contains(normalized(name).substr(1));
                          },
                          [&](const Npy& file) { return file.name == normalized(name); }},
                    file_);
}

ArrayInfo ArraySource::stored_info(const std::string& name) const {
  if (!contains(name)) fail(name, "expected an array of numbers, found none");
  ArrayInfo info = std::visit(
      Cases{[&](const std::unique_ptr<Hdf5Reader>& file) {
              // An empty MATLAB array stores its extents in place of its entries.
              if (file->has_attribute(name, "MATLAB_empty"))
                fail(name, "expected entries, found an empty array");
              return file->info(name);
            },
            [&](const std::unique_ptr<Mat5Reader>& file) { return file->info(normalized(name).substr(1)); },
            [](const Npy& file) { return file.header.info; }},
      file_);
  const auto* npy = std::get_if<Npy>(&file_);
  // Column-major: the last axis is the slowest. (A NumPy array is brought into row-major order by its
  // reader.)
  if (!npy && !hdf5()) std::reverse(info.shape.begin(), info.shape.end());
  return info;
}

std::vector<size_t> ArraySource::order(const std::string& name, size_t rank) const {
  std::vector<size_t> forward(rank);
  std::iota(forward.begin(), forward.end(), 0);
  const std::vector<size_t> backward = reversed_axes(rank);
  const Hdf5Reader* file = hdf5();
  const bool is_mat5 = std::holds_alternative<std::unique_ptr<Mat5Reader>>(file_);
  if (axes_.size() == rank && rank > 0) {
    std::vector<size_t> order = axes_;
    for (size_t& axis : order) axis = is_mat5 ? backward[axis] : axis;
    return order;
  }
  const bool is_mat73 =
      file && !file->is_sealed() && (matlab_header_ || file->has_attribute(name, "MATLAB_class"));
  return is_mat5 || is_mat73 ? backward : forward;
}

ArrayInfo ArraySource::info(const std::string& name) const {
  const ArrayInfo stored = stored_info(name);
  const auto axes = order(name, stored.rank());
  ArrayInfo logical = stored;
  for (size_t axis = 0; axis < axes.size(); ++axis) logical.shape[axis] = stored.shape[axes[axis]];
  return logical;
}

ArrayInfo ArraySource::require(const std::string& name, int rank, const std::vector<ScalarType>& types,
                               const std::string& hint) const {
  const std::string advice = hint.empty() ? "" : "; " + hint;
  if (!contains(name))
    fail(name, "expected " + describe_expected(rank, types) + ", found no such array" + advice);
  const ArrayInfo found = info(name);
  if ((rank >= 0 && found.rank() != size_t(rank)) ||
      (!types.empty() && std::find(types.begin(), types.end(), found.type) == types.end()))
    fail(name, "expected " + describe_expected(rank, types) + ", found " + describe(found) + advice);
  return found;
}

template <class T>
const std::vector<T>& ArraySource::whole(const std::string& name) const {
  using Data = std::vector<T>;
  const std::string key = normalized(name);
  if (cache_.name != key || !std::holds_alternative<Data>(cache_.data)) {
    cache_ = {};  // give the memory back first
    if (const auto* mat = std::get_if<std::unique_ptr<Mat5Reader>>(&file_))
      cache_.data = (*mat)->template read_column_major<T>(key.substr(1));
    else
      cache_.data = read_npy<T>(path_).data;
    cache_.name = key;
  }
  return std::get<Data>(cache_.data);
}

template <class T>
std::vector<T> ArraySource::read_slab(const std::string& name, size_t first, size_t count) const {
  ArrayInfo stored = stored_info(name);
  if (is_complex(stored.type) != is_complex_v<T> || stored.type == ScalarType::other)
    fail(name, std::string("expected ") + (is_complex_v<T> ? "complex" : "real") + " numbers, found " +
                   describe(stored));
  if (stored.rank() == 0) fail(name, "expected an array, found a single number");
  const auto axes = order(name, stored.rank());
  const size_t extent = stored.shape[axes[0]];
  if (first > extent || count > extent - first)
    fail(name, "expected at least " + std::to_string(first + count) +
                   " entries along its first axis, found shape " + to_string(info(name).shape));
  std::vector<T> slab;
  if (const Hdf5Reader* file = hdf5())
    slab = file->read_slab<T>(name, first, count, axes[0]);
  else
    slab = slab_of(whole<T>(name), stored.shape, axes[0], first, count);
  stored.shape[axes[0]] = count;
  return is_identity(axes) ? slab : permuted(slab, stored.shape, axes);
}

template <class T>
std::vector<T> ArraySource::read(const std::string& name) const {
  const Extents logical = shape(name);
  if (logical.empty()) fail(name, "expected an array, found a single number");
  return read_slab<T>(name, 0, logical[0]);
}

std::vector<size_t> axis_permutation(const std::string& wanted, const std::string& found) {
  const auto target = split(wanted), source = split(found);
  std::vector<size_t> order;
  for (const std::string& axis : target) {
    const auto at = std::find(source.begin(), source.end(), axis);
    if (at != source.end()) order.push_back(size_t(at - source.begin()));
  }
  if (order.size() != target.size() || source.size() != target.size())
    throw UsageError("axes: expected the axes " + wanted + " in some order, found " + found);
  return order;
}

#define DANAUS_INSTANTIATE(T)                                                                  \
  template std::vector<T> ArraySource::read_slab<T>(const std::string&, size_t, size_t) const; \
  template std::vector<T> ArraySource::read<T>(const std::string&) const;
DANAUS_FOR_EACH_SCALAR(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::io
