#include <danaus/io/partial_file.hpp>

#include <danaus/core/error.hpp>
#include <danaus/io/digest.hpp>
#include <danaus/io/hdf5_reader.hpp>
#include <io/file_descriptor.hpp>
#include <io/hdf5_common.hpp>
#include <io/user_block.hpp>

#include <algorithm>
#include <bit>
#include <cstdio>
#include <cstring>
#include <optional>

namespace danaus::io {

namespace fs = std::filesystem;

static_assert(std::endian::native == std::endian::little, "rows are written as they lie in memory");

namespace {
constexpr char key_attribute[] = "options_digest";

UserBlock partial_block(size_t done, const Digest& chain) {
  UserBlock block{};
  std::memcpy(block.data(), partial_magic, 8);
  put_u64(block.data() + 8, done);
  std::memcpy(block.data() + 16, chain.data(), chain.size());
  const Digest digest = digest_of(block.data(), 32);
  std::memcpy(block.data() + 32, digest.data(), digest.size());
  return block;
}
}  // namespace

struct PartialFile::Array {
  PartialArray description;
  std::uint64_t offset = 0, row_bytes = 0;
  std::vector<Digest> rows;   // of what the caller handed over, or of what was found on resuming
  std::vector<bool> written;  // in this process or before
};

struct PartialFile::Implementation {
  std::vector<Array> arrays;
  std::optional<FileDescriptor> file;
  /// Digest of samples [0, done): chained, so that it grows without reading them again.
  Digest chain{};

  Array& find(const std::string& name) {
    for (Array& array : arrays)
      if (normalized(array.description.name) == normalized(name)) return array;
    throw InternalError("PartialFile: no array " + name);
  }
  Digest extended(Digest chain, size_t first, size_t last) const {
    for (size_t sample = first; sample < last; ++sample) {
      Hasher hasher;
      hasher.update(chain.data(), chain.size());
      for (const Array& array : arrays) hasher.update(array.rows[sample].data(), array.rows[sample].size());
      chain = hasher.digest();
    }
    return chain;
  }
  Digest read_row(const Array& array, size_t sample, std::vector<char>& buffer) const {
    buffer.resize(array.row_bytes);
    const size_t n = file->read_at(array.offset + sample * array.row_bytes, buffer.data(), buffer.size());
    return digest_of(buffer.data(), n);
  }
};

fs::path PartialFile::partial_path(const fs::path& target) { return target.string() + ".partial"; }

PartialFile::PartialFile(const fs::path& target, const std::string& options, size_t samples,
                         const std::vector<PartialArray>& arrays,
                         const std::function<void(Hdf5Writer&)>& describe)
    : target_(target),
      partial_(partial_path(target)),
      samples_(samples),
      implementation_(std::make_unique<Implementation>()) {
  std::string content = options + "\n" + std::to_string(samples);
  for (const PartialArray& array : arrays)
    content += "\n" + normalized(array.name) + " " + name_of(array.type) + " " + to_string(array.row);
  const std::string key = to_string(digest_of(content));

  const bool resumes = fs::exists(partial_);
  if (!resumes) begin(describe, arrays, key);
  auto& file = implementation_->file.emplace(FileDescriptor::open_for_writing(partial_));
  if (!file.try_lock()) throw IoError(partial_.string() + ": another process is writing it");
  sealed_ = file_state(partial_) == FileState::sealed;
  locate(arrays, key);
  if (sealed_)
    done_ = samples_;
  else if (resumes)
    resume();
}

PartialFile::~PartialFile() = default;

void PartialFile::begin(const std::function<void(Hdf5Writer&)>& describe,
                        const std::vector<PartialArray>& arrays, const std::string& key) {
  Hdf5Writer writer(partial_);
  describe(writer);
  writer.attribute("/", key_attribute, key);
  for (const PartialArray& array : arrays) {
    Extents shape{samples_};
    shape.insert(shape.end(), array.row.begin(), array.row.end());
    writer.create(array.name, array.type, shape);
    std::vector<bool>& written = writer.datasets_.at(normalized(array.name)).written;
    std::fill(written.begin(), written.end(), true);  // the rows come later, not through HDF5
  }
  writer.require_complete();
  writer.close();
  writer.file_.commit([&](const fs::path& path) {
    writer.check_written(path);
    // Before the name exists: a killed process leaves a partial file with its counter at zero, or none.
    const UserBlock block = partial_block(0, {});
    const auto file = FileDescriptor::open_for_writing(path);
    file.write_at(0, block.data(), block.size());
    file.flush();
  });
}

void PartialFile::locate(const std::vector<PartialArray>& arrays, const std::string& key) {
  const Hdf5Reader reader(partial_, Hdf5Reader::Unsealed{});
  if (!reader.has_attribute("/", key_attribute) || reader.attribute<std::string>("/", key_attribute) != key)
    throw UsageError(partial_.string() + ": begun with other options" +
                     (reader.has_attribute("/", "command")
                          ? " (" + reader.attribute<std::string>("/", "command") + ")"
                          : std::string()) +
                     "; use the same ones to finish it, or --overwrite to begin again");
  for (const PartialArray& description : arrays) {
    const ArrayInfo info =
        reader.require(description.name, int(description.row.size()) + 1, {description.type});
    Array array{
        description, std::uint64_t(H5Dget_offset(reader.dataset(description.name).handle)), 0, {}, {}};
    array.row_bytes = info.size() / info.shape[0] * size_of(info.type);
    array.rows.resize(samples_);
    array.written.assign(samples_, false);
    implementation_->arrays.push_back(std::move(array));
  }
}

void PartialFile::resume() {
  UserBlock block{};
  implementation_->file->read_at(0, block.data(), block.size());
  const Digest expected = digest_of(block.data(), 32);
  const std::string advice = "; delete it or use --overwrite to begin again";
  if (std::memcmp(block.data(), partial_magic, 8) != 0 ||
      std::memcmp(block.data() + 32, expected.data(), expected.size()) != 0 ||
      get_u64(block.data() + 8) > samples_)
    throw DataError(partial_.string() + ": damaged: its counter is not valid" + advice);
  done_ = size_t(get_u64(block.data() + 8));
  std::vector<char> buffer;
  for (Array& array : implementation_->arrays)
    for (size_t sample = 0; sample < done_; ++sample) {
      array.rows[sample] = implementation_->read_row(array, sample, buffer);
      array.written[sample] = true;
    }
  implementation_->chain = implementation_->extended({}, 0, done_);
  if (std::memcmp(block.data() + 16, implementation_->chain.data(), 16) != 0)
    throw DataError(partial_.string() + ": damaged: the digest of its first " + std::to_string(done_) +
                    " samples differs" + advice);
}

template <class T>
void PartialFile::write_rows(const std::string& name, size_t first, size_t count, const T* data) {
  Array& array = implementation_->find(name);
  if (array.description.type != scalar_type_v<T>)
    throw InternalError("PartialFile: " + name + " holds " + name_of(array.description.type) + ", not " +
                        name_of(scalar_type_v<T>));
  if (first > samples_ || count > samples_ - first)
    throw ShapeError("PartialFile: " + name + ": expected samples within 0.." + std::to_string(samples_) +
                     ", found " + std::to_string(first) + ".." + std::to_string(first + count));
  if (first < done_)
    throw InternalError("PartialFile: " + name + ": sample " + std::to_string(first) + " is complete");
  const auto* bytes = reinterpret_cast<const char*>(data);
  for (size_t row = 0; row < count; ++row) {
    array.rows[first + row] = digest_of(bytes + row * array.row_bytes, array.row_bytes);
    array.written[first + row] = true;
  }
  implementation_->file->write_at(array.offset + first * array.row_bytes, bytes, count * array.row_bytes);
}

void PartialFile::complete(size_t samples) {
  if (samples < done_ || samples > samples_)
    throw InternalError("PartialFile: expected a count within " + std::to_string(done_) + ".." +
                        std::to_string(samples_) + ", found " + std::to_string(samples));
  for (const Array& array : implementation_->arrays)
    for (size_t sample = done_; sample < samples; ++sample)
      if (!array.written[sample])
        throw InternalError("PartialFile: sample " + std::to_string(sample) + " of " +
                            array.description.name + " was never written");
  implementation_->file->flush();
  implementation_->chain = implementation_->extended(implementation_->chain, done_, samples);
  done_ = samples;
  write_block();
}

void PartialFile::write_block() {
  const UserBlock block = partial_block(done_, implementation_->chain);
  implementation_->file->write_at(0, block.data(), block.size());
  implementation_->file->flush();
}

void PartialFile::check_rows(size_t first, size_t last) const {
  std::vector<char> buffer;
  for (const Array& array : implementation_->arrays)
    for (size_t sample = first; sample < last; ++sample)
      if (implementation_->read_row(array, sample, buffer) != array.rows[sample])
        throw IoError(partial_.string() + ": what was written reads back differently: sample " +
                      std::to_string(sample) + " of " + array.description.name);
}

void PartialFile::finish() {
  if (done_ != samples_)
    throw InternalError(partial_.string() + ": " + std::to_string(done_) + " of " + std::to_string(samples_) +
                        " samples are complete");
  if (!sealed_) {
    check_rows(0, samples_);
    seal(partial_);
    sealed_ = true;
  }
  verify(partial_);
  if (std::rename(partial_.c_str(), target_.c_str()) != 0)
    throw IoError(system_message(target_, "cannot rename its partial file"));
  flush_to_disk(target_.has_parent_path() ? target_.parent_path() : fs::path("."));
}

#define DANAUS_INSTANTIATE(T) \
  template void PartialFile::write_rows<T>(const std::string&, size_t, size_t, const T*);
DANAUS_FOR_EACH_FILE_TYPE(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::io
