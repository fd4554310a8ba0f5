// The part of Hdf5Reader that decides whether something in a file may be touched.

#include <danaus/core/error.hpp>
#include <danaus/io/hdf5_reader.hpp>
#include <io/hdf5_common.hpp>

#include <algorithm>

namespace danaus::io {

namespace {

constexpr std::size_t largest_rank = 8;
constexpr std::uint64_t largest_chunk = std::uint64_t(1) << 30;
// Deflate shrinks at most 1032 times; the other filters of HDF5 less.
constexpr std::uint64_t largest_compression = 1100;

std::string filter_text(unsigned id, const char* name) {
  const std::string known = id == 32000 ? "LZF" : id == 32001 ? "Blosc" : id == 32015 ? "Zstandard" : name;
  return known + " (" + std::to_string(id) + ")";
}

/// @return what is wrong with a dataset's filters, or nothing
std::string filter_fault(hid_t creation) {
  const int count = H5Pget_nfilters(creation);
  for (int i = 0; i < count; ++i) {
    unsigned flags = 0, configuration = 0;
    size_t values = 0;
    char name[64] = "";
    const H5Z_filter_t id =
        H5Pget_filter2(creation, unsigned(i), &flags, &values, nullptr, sizeof name, name, &configuration);
    if (id < 0 || H5Zfilter_avail(id) <= 0)
      return "compressed with the filter " + filter_text(unsigned(id), name) +
             ", which this HDF5 lacks; rewrite the file with: h5repack -f GZIP=4 IN OUT";
  }
  return "";
}

struct Children {
  hid_t file;
  int wanted;
  std::vector<std::string> names;
};

herr_t add_child(hid_t group, const char* name, const H5L_info_t* link, void* data) {
  auto& children = *static_cast<Children*>(data);
  if (link->type != H5L_TYPE_HARD) return 0;
  H5O_info_t object;
  if (H5Oget_info_by_name2(group, name, &object, H5O_INFO_BASIC, H5P_DEFAULT) >= 0 &&
      int(object.type) == children.wanted)
    children.names.push_back(name);
  return 0;
}

}  // namespace

void Hdf5Reader::require_hard_links(const std::string& name) const {
  const std::string path = normalized(name);
  for (std::size_t end = path.find('/', 1); path != "/"; end = path.find('/', end + 1)) {
    const std::string part = path.substr(0, end);
    H5L_info_t link;
    if (H5Lget_info(handle_, part.c_str(), &link, H5P_DEFAULT) < 0) fail(name, "expected, found none");
    if (link.type != H5L_TYPE_HARD)
      fail(part, "a soft or external link, which is not followed; copy the data into this file");
    if (end == std::string::npos) return;
  }
}

bool Hdf5Reader::exists(const std::string& name, int object_type) const {
  QuietErrors quiet;
  const std::string path = normalized(name);
  for (std::size_t end = path.find('/', 1); path != "/"; end = path.find('/', end + 1)) {
    const std::string part = path.substr(0, end);
    if (H5Lexists(handle_, part.c_str(), H5P_DEFAULT) <= 0) return false;
    H5L_info_t link;
    if (H5Lget_info(handle_, part.c_str(), &link, H5P_DEFAULT) < 0 || link.type != H5L_TYPE_HARD)
      return false;
    if (end == std::string::npos) break;
  }
  H5O_info_t object;
  return H5Oget_info_by_name2(handle_, path.c_str(), &object, H5O_INFO_BASIC, H5P_DEFAULT) >= 0 &&
         int(object.type) == object_type;
}

bool Hdf5Reader::has_dataset(const std::string& name) const { return exists(name, H5O_TYPE_DATASET); }
bool Hdf5Reader::has_group(const std::string& name) const { return exists(name, H5O_TYPE_GROUP); }

Hdf5Handle Hdf5Reader::open_object(const std::string& name) const {
  QuietErrors quiet;
  require_hard_links(name);
  auto object = own_object(H5Oopen(handle_, normalized(name).c_str(), H5P_DEFAULT));
  if (!object.is_open()) fail(name, "damaged: " + quiet.reason());
  return object;
}

const Hdf5Reader::Dataset& Hdf5Reader::dataset(const std::string& name) const {
  const std::string path = normalized(name);
  if (const auto found = datasets_.find(path); found != datasets_.end()) return found->second;
  QuietErrors quiet;
  require_hard_links(path);
  Dataset dataset;
  dataset.handle = own_dataset(H5Dopen2(handle_, path.c_str(), H5P_DEFAULT));
  if (!dataset.handle.is_open()) fail(path, "expected a dataset: " + quiet.reason());
  const auto space = own_space(H5Dget_space(dataset.handle)), type = own_type(H5Dget_type(dataset.handle));
  if (!space.is_open() || !type.is_open()) fail(path, "damaged: " + quiet.reason());
  const H5S_class_t space_class = H5Sget_simple_extent_type(space);
  if (space_class != H5S_SIMPLE && space_class != H5S_SCALAR)
    fail(path, "expected an array, found no entries");
  const int rank = H5Sget_simple_extent_ndims(space);
  if (rank < 0 || std::size_t(rank) > largest_rank)
    fail(path, "expected rank 0 to " + std::to_string(largest_rank) + ", found rank " + std::to_string(rank));
  std::vector<hsize_t> dims(std::size_t(rank) + 1);
  if (H5Sget_simple_extent_dims(space, dims.data(), nullptr) < 0) fail(path, "damaged: " + quiet.reason());
  dataset.info.shape.assign(dims.begin(), dims.end() - 1);
  dataset.info.type = classify(type);
  check_storage(path, dataset);
  return datasets_.emplace(path, std::move(dataset)).first->second;
}

/// The shape must be backed by bytes of this very file: a header of a few bytes can claim any number of
/// entries.
void Hdf5Reader::check_storage(const std::string& name, const Dataset& dataset) const {
  QuietErrors quiet;
  const auto type = own_type(H5Dget_type(dataset.handle));
  std::uint64_t bytes = H5Tget_size(type);
  for (std::size_t extent : dataset.info.shape) {
    if (extent == 0) fail(name, "expected entries, found shape " + to_string(dataset.info.shape));
    if (__builtin_mul_overflow(bytes, std::uint64_t(extent), &bytes) || bytes >> 62)
      fail(name, "more entries than any file holds: shape " + to_string(dataset.info.shape));
  }
  const auto creation = own_list(H5Dget_create_plist(dataset.handle));
  if (!creation.is_open()) fail(name, "damaged: " + quiet.reason());
  if (H5Pget_external_count(creation) != 0) fail(name, "its data lie in another file, which is not read");
  const H5D_layout_t layout = H5Pget_layout(creation);
  const std::uint64_t stored = H5Dget_storage_size(dataset.handle);
  if (stored > file_size_) fail(name, "claims more bytes than the file has");
  if (layout == H5D_CONTIGUOUS || layout == H5D_COMPACT) {
    // Values of variable length, whose texts lie elsewhere, have another size in memory than in the file.
    const bool varies = H5Tdetect_class(type, H5T_VLEN) > 0 || H5Tis_variable_str(type) > 0;
    if (varies ? stored < bytes : stored != bytes)
      fail(name, stored == 0 ? "declared, but its data were never written"
                             : "damaged: shape and stored size differ");
    const haddr_t offset = layout == H5D_CONTIGUOUS ? H5Dget_offset(dataset.handle) : 0;
    if (offset == HADDR_UNDEF || offset > file_size_ - stored)
      fail(name, "its data lie beyond the end of the file");
    return;
  }
  if (layout != H5D_CHUNKED) fail(name, "a virtual dataset, which is not read");
  hsize_t chunk[largest_rank] = {};
  if (H5Pget_chunk(creation, int(largest_rank), chunk) != int(dataset.info.rank()))
    fail(name, "damaged: rank of its chunks");
  std::uint64_t chunk_bytes = H5Tget_size(type);
  for (std::size_t axis = 0; axis < dataset.info.rank(); ++axis)
    if (chunk[axis] == 0 || __builtin_mul_overflow(chunk_bytes, std::uint64_t(chunk[axis]), &chunk_bytes) ||
        chunk_bytes > largest_chunk)
      fail(name, "chunks of more than 1 GiB; rewrite the file with smaller ones (h5repack -l CHUNK=...)");
  if (const std::string fault = filter_fault(creation); !fault.empty()) fail(name, fault);
  const std::uint64_t factor = H5Pget_nfilters(creation) > 0 ? largest_compression : 1;
  if (stored == 0) fail(name, "declared, but its data were never written");
  if (bytes / factor > stored)
    fail(name, "claims more data than its chunks hold: shape " + to_string(dataset.info.shape));
}

std::vector<std::string> Hdf5Reader::children(const std::string& group, int object_type) const {
  QuietErrors quiet;
  const auto parent = open_object(group);
  Children children{handle_, object_type, {}};
  if (H5Literate(parent, H5_INDEX_NAME, H5_ITER_INC, nullptr, add_child, &children) < 0)
    fail(group, "expected a group: " + quiet.reason());
  const std::string prefix = normalized(group) == "/" ? "/" : normalized(group) + "/";
  for (std::string& name : children.names) name = prefix + name;
  std::sort(children.names.begin(), children.names.end());
  return children.names;
}

std::vector<std::string> Hdf5Reader::datasets(const std::string& group) const {
  return children(group, H5O_TYPE_DATASET);
}
std::vector<std::string> Hdf5Reader::groups(const std::string& group) const {
  return children(group, H5O_TYPE_GROUP);
}

std::vector<std::string> Hdf5Reader::all_datasets() const {
  constexpr std::size_t deepest = 64;  // hard links can form a circle
  std::vector<std::string> found, open{"/"};
  while (!open.empty()) {
    const std::string group = open.back();
    open.pop_back();
    const auto here = datasets(group);
    found.insert(found.end(), here.begin(), here.end());
    if (std::size_t(std::count(group.begin(), group.end(), '/')) > deepest)
      fail(group, "groups more than " + std::to_string(deepest) + " deep");
    const auto below = groups(group);
    open.insert(open.end(), below.begin(), below.end());
  }
  std::sort(found.begin(), found.end());
  return found;
}

namespace {
herr_t add_name(hid_t, const char* name, const H5A_info_t*, void* names) {
  static_cast<std::vector<std::string>*>(names)->push_back(name);
  return 0;
}
}  // namespace

std::vector<std::string> Hdf5Reader::attributes(const std::string& object) const {
  QuietErrors quiet;
  std::vector<std::string> names;
  if (H5Aiterate2(open_object(object), H5_INDEX_NAME, H5_ITER_INC, nullptr, add_name, &names) < 0)
    fail(object, "damaged attributes: " + quiet.reason());
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace danaus::io
