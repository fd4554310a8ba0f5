#include <danaus/io/hdf5_writer.hpp>

#include <danaus/core/error.hpp>
#include <danaus/io/digest.hpp>
#include <danaus/io/hdf5_reader.hpp>
#include <io/hdf5_attribute.hpp>
#include <io/hdf5_common.hpp>
#include <io/hdf5_write_driver.hpp>

#include <algorithm>
#include <cstring>

namespace danaus::io {

namespace {

constexpr std::size_t piece = std::size_t(16) << 20;

Hdf5Handle create_file(const std::filesystem::path& path, detail::WriteState& state) {
  auto creation = own_list(H5Pcreate(H5P_FILE_CREATE));
  auto access = file_access();
  H5Pset_userblock(creation, user_block_size);
  // Without time stamps the same content gives the same bytes.
  H5Pset_obj_track_times(creation, false);
  H5Pset_libver_bounds(access, H5F_LIBVER_LATEST, H5F_LIBVER_LATEST);
  if (!state.attach(access)) return {};
  return own_file(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, creation, access));
}

/// Creates the groups of a path that do not exist yet. @return false if HDF5 fails
bool require_groups(hid_t file, const std::string& path) {
  const auto creation = own_list(H5Pcreate(H5P_GROUP_CREATE));
  H5Pset_obj_track_times(creation, false);
  for (std::size_t end = path.find('/', 1); path.size() > 1; end = path.find('/', end + 1)) {
    const std::string part = path.substr(0, end);
    if (H5Lexists(file, part.c_str(), H5P_DEFAULT) <= 0 &&
        !own_group(H5Gcreate2(file, part.c_str(), H5P_DEFAULT, creation, H5P_DEFAULT)).is_open())
      return false;
    if (end == std::string::npos) break;
  }
  return true;
}

}  // namespace

Hdf5Writer::Hdf5Writer(const std::filesystem::path& target) : file_(target) {
  QuietErrors quiet;
  state_ = std::make_unique<detail::WriteState>();
  handle_ = create_file(file_.temporary(), *state_);
  check(handle_.is_open(), "cannot create", quiet.reason());
}

Hdf5Writer::~Hdf5Writer() {
  QuietErrors quiet;
  if (state_) state_->abandoned = true;
  datasets_.clear();
  handle_.close();
  state_.reset();
}

void Hdf5Writer::fail(const std::string& what) const { throw IoError(file_.target().string() + ": " + what); }

/// After each operation: HDF5 itself is not told that the disk is full.
void Hdf5Writer::check(bool succeeded, const std::string& what, const std::string& reason) const {
  if (state_->error != 0) fail(what + ": " + std::strerror(state_->error));
  if (!succeeded) fail(what + ": " + reason);
}

void Hdf5Writer::header(const FileHeader& header) {
  // Readers recognise a file of ours that lost its block by this word.
  if (header.created_by.rfind("danaus", 0) != 0)
    throw InternalError("Hdf5Writer: created_by must begin with \"danaus\", found \"" + header.created_by +
                        "\"");
  attribute("/", "format", header.format);
  attribute("/", "format_version", header.format_version);
  attribute("/", "created_by", header.created_by);
  attribute("/", "command", header.command);
  attribute("/", "seed", std::int64_t(header.seed));
}

void Hdf5Writer::create(const std::string& name, ScalarType type, const Extents& shape) {
  if (std::find(shape.begin(), shape.end(), 0) != shape.end())
    throw ShapeError("Hdf5Writer: " + name + ": a dataset needs entries, found shape " + to_string(shape));
  QuietErrors quiet;
  const std::string path = normalized(name);
  const auto creation = own_list(H5Pcreate(H5P_DATASET_CREATE));
  H5Pset_obj_track_times(creation, false);
  H5Pset_layout(creation, H5D_CONTIGUOUS);
  // Every row is written by the caller: reserve the room, do not fill it first.
  H5Pset_alloc_time(creation, H5D_ALLOC_TIME_EARLY);
  H5Pset_fill_time(creation, H5D_FILL_TIME_NEVER);
  const bool has_groups = require_groups(handle_, path.substr(0, path.rfind('/')));
  check(has_groups, "cannot create " + path, quiet.reason());
  auto dataset = own_dataset(H5Dcreate2(handle_, path.c_str(), native_type(type), space_of(shape),
                                        H5P_DEFAULT, creation, H5P_DEFAULT));
  check(dataset.is_open(), "cannot create " + path, quiet.reason());
  const std::size_t rows = shape.empty() ? 1 : shape[0];
  datasets_[path] = {std::move(dataset), {shape, type}, std::vector<bool>(rows, false)};
}

void Hdf5Writer::write_slab(const std::string& name, std::size_t first, std::size_t count, const void* data) {
  QuietErrors quiet;
  const std::string path = normalized(name);
  Dataset& dataset = datasets_.at(path);
  Extents shape = dataset.info.shape, start(shape.size(), 0);
  if (!shape.empty()) {
    start[0] = first;
    shape[0] = count;
  }
  const auto target = own_space(H5Dget_space(dataset.handle)), source = space_of(shape);
  const bool written =
      select(target, start, shape) &&
      H5Dwrite(dataset.handle, native_type(dataset.info.type), source, target, H5P_DEFAULT, data) >= 0;
  check(written, "cannot write " + path, quiet.reason());
  std::fill_n(dataset.written.begin() + std::ptrdiff_t(first), count, true);
  const std::size_t bytes = ArrayInfo{shape, dataset.info.type}.size() * size_of(dataset.info.type);
  slabs_.push_back({path, first, count, digest_of(data, bytes)});
}

template <class T>
void Hdf5Writer::write_rows(const std::string& name, std::size_t first, std::size_t count, const T* data) {
  const auto found = datasets_.find(normalized(name));
  if (found == datasets_.end()) throw InternalError("Hdf5Writer: no dataset " + name + " was created");
  const Dataset& dataset = found->second;
  if (dataset.info.type != scalar_type_v<T>)
    throw InternalError("Hdf5Writer: " + name + " holds " + name_of(dataset.info.type) + ", not " +
                        name_of(scalar_type_v<T>));
  const std::size_t rows = dataset.written.size();
  if (first > rows || count > rows - first)
    throw ShapeError("Hdf5Writer: " + name + ": expected rows within 0.." + std::to_string(rows) +
                     ", found " + std::to_string(first) + ".." + std::to_string(first + count));
  if (count > 0) write_slab(name, first, count, data);
}

template <class T>
void Hdf5Writer::write(const std::string& name, const Extents& shape, const T* data) {
  create<T>(name, shape);
  write_rows(name, 0, shape.empty() ? 1 : shape[0], data);
}

template <class T>
void Hdf5Writer::write(const std::string& name, const Extents& shape, const std::vector<T>& data) {
  if (ArrayInfo{shape, scalar_type_v<T>}.size() != data.size())
    throw ShapeError("Hdf5Writer: " + name + ": shape " + to_string(shape) + " does not hold " +
                     std::to_string(data.size()) + " entries");
  write(name, shape, data.data());
}

void Hdf5Writer::attribute(const std::string& object, const std::string& name, const AttributeValue& value) {
  QuietErrors quiet;
  const std::string path = normalized(object);
  const bool has_groups = require_groups(handle_, path);
  check(has_groups, "cannot create " + path, quiet.reason());
  const auto target = own_object(H5Oopen(handle_, path.c_str(), H5P_DEFAULT));
  const bool written = target.is_open() && write_attribute(target, name, value);
  check(written, "cannot write the attribute " + name + " of " + path, quiet.reason());
  std::erase_if(attributes_, [&](const Attribute& a) { return a.object == path && a.name == name; });
  attributes_.push_back({path, name, value});
}

void Hdf5Writer::require_complete() const {
  for (const auto& [name, dataset] : datasets_) {
    const auto gap = std::find(dataset.written.begin(), dataset.written.end(), false);
    if (gap != dataset.written.end())
      throw InternalError(file_.target().string() + ": row " + std::to_string(gap - dataset.written.begin()) +
                          " of " + name + " was never written");
  }
}

void Hdf5Writer::close() {
  QuietErrors quiet;
  bool closed = H5Fflush(handle_, H5F_SCOPE_GLOBAL) >= 0;
  for (auto& [name, dataset] : datasets_) closed = dataset.handle.close() >= 0 && closed;
  closed = handle_.close() >= 0 && closed;
  check(closed, "cannot write", quiet.reason());
}

/// HDF5 may report success over data that never reached a full disk, so the digest of the file alone proves
/// nothing: every slab is compared with what the caller handed over.
void Hdf5Writer::check_written(const std::filesystem::path& path) const {
  const std::string changed = file_.target().string() + ": what was written reads back differently: ";
  QuietErrors quiet;
  const auto file = own_file(H5Fopen(path.c_str(), H5F_ACC_RDONLY, file_access()));
  if (!file.is_open()) throw IoError(changed + quiet.reason());
  std::vector<char> buffer;
  for (const Slab& slab : slabs_) {
    const ArrayInfo& info = datasets_.at(slab.dataset).info;
    const auto dataset = own_dataset(H5Dopen2(file, slab.dataset.c_str(), H5P_DEFAULT));
    if (!dataset.is_open()) throw IoError(changed + slab.dataset + ": " + quiet.reason());
    const auto type = native_type(info.type);
    Extents shape = info.shape, start(shape.size(), 0);
    if (!shape.empty()) shape[0] = 1;
    const std::size_t row = ArrayInfo{shape, info.type}.size() * size_of(info.type);
    const std::size_t step = std::max<std::size_t>(1, piece / row);
    Hasher hasher;
    for (std::size_t done = 0; done < slab.count; done += step) {
      const std::size_t rows = std::min(step, slab.count - done);
      if (!shape.empty()) {
        start[0] = slab.first + done;
        shape[0] = rows;
      }
      buffer.resize(rows * row);
      const auto source = own_space(H5Dget_space(dataset)), target = space_of(shape);
      if (!select(source, start, shape) ||
          H5Dread(dataset, type, target, source, H5P_DEFAULT, buffer.data()) < 0)
        throw IoError(changed + slab.dataset + ": " + quiet.reason());
      hasher.update(buffer.data(), buffer.size());
    }
    if (hasher.digest() != slab.digest) throw IoError(changed + slab.dataset);
  }
  for (const Attribute& attribute : attributes_) {
    const auto object = own_object(H5Oopen(file, attribute.object.c_str(), H5P_DEFAULT));
    AttributeValue value;
    std::string reason;
    if (!object.is_open() || !read_attribute(object, attribute.name, value, reason) ||
        value != attribute.value)
      throw IoError(changed + "attribute " + attribute.name + " of " + attribute.object);
  }
}

void Hdf5Writer::commit() {
  require_complete();
  close();
  try {
    seal(file_.temporary());
  } catch (const DataError&) {
    fail("what was written reads back differently: no HDF5 superblock");
  }
  file_.commit([&](const std::filesystem::path& path) {
    try {
      verify(path);
    } catch (const DataError&) {
      fail("what was written reads back differently: its digest changed");
    }
    check_written(path);
  });
}

#define DANAUS_INSTANTIATE(T)                                                                      \
  template void Hdf5Writer::write_rows<T>(const std::string&, std::size_t, std::size_t, const T*); \
  template void Hdf5Writer::write<T>(const std::string&, const Extents&, const T*);                \
  template void Hdf5Writer::write<T>(const std::string&, const Extents&, const std::vector<T>&);
DANAUS_FOR_EACH_FILE_TYPE(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::io
