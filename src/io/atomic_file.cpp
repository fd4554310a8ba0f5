#include <danaus/io/atomic_file.hpp>

#include <danaus/core/error.hpp>
#include <io/file_descriptor.hpp>

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <string>

namespace danaus::io {

namespace fs = std::filesystem;

namespace {

constexpr auto stale_after = std::chrono::hours(1);

fs::path folder_of(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

/// The file that a chain of symbolic links ends in; the links stay.
fs::path follow_links(fs::path path) {
  std::error_code error;
  for (int depth = 0; depth < 40 && fs::is_symlink(path, error); ++depth) {
    const fs::path next = fs::read_symlink(path, error);
    if (error) break;
    path = next.is_absolute() ? next : folder_of(path) / next;
  }
  return path;
}

/// ".NAME.", how the temporaries of NAME begin.
std::string temporary_prefix(const fs::path& target) {
  std::string prefix(1, '.');
  prefix.append(target.filename().string()).append(1, '.');
  return prefix;
}

/// Removes temporaries of the same target whose process is gone. The age guards against process numbers of
/// another machine on a shared folder.
void remove_stale(const fs::path& target) {
  const std::string prefix = temporary_prefix(target);
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder_of(target), error)) {
    const std::string name = entry.path().filename().string();
    long process = 0;
    int count = 0, length = 0;
    if (name.compare(0, prefix.size(), prefix) != 0 ||
        std::sscanf(name.c_str() + prefix.size(), "%ld.%d.tmp%n", &process, &count, &length) != 2 ||
        prefix.size() + std::size_t(length) != name.size() || length == 0)
      continue;
    const auto modified = fs::last_write_time(entry.path(), error);
    if (error || fs::file_time_type::clock::now() - modified < stale_after) continue;
    if (process > 0 && ::kill(pid_t(process), 0) != 0 && errno == ESRCH) fs::remove(entry.path(), error);
  }
}

}  // namespace

AtomicFile::AtomicFile(const fs::path& target) : target_(follow_links(target)) {
  std::error_code error;
  if (target_.filename().empty()) throw IoError(target.string() + ": expected the name of a file");
  const auto folder = folder_of(target_);
  if (!fs::is_directory(folder, error))
    throw IoError(target_.string() + ": there is no folder " + folder.string() +
                  "; create it, or write elsewhere");
  const auto status = fs::status(target_, error);
  if (fs::exists(status) && !fs::is_regular_file(status))
    throw IoError(target_.string() + ": cannot write: a folder or device of this name exists");
  if (fs::exists(status) && ::access(target_.c_str(), W_OK) != 0)
    throw IoError(system_message(target_, "cannot write"));
  remove_stale(target_);

  // Two writers of one process must not share a temporary; the number only has to differ.
  static std::atomic<int> count{0};
  temporary_ = folder_of(target_) / temporary_prefix(target_).append(std::to_string(::getpid()) + "." +
                                                                     std::to_string(count++) + ".tmp");
  fs::remove(temporary_, error);
  FileDescriptor::create_new(temporary_).close();
}

AtomicFile::~AtomicFile() {
  if (!committed_) ::unlink(temporary_.c_str());
}

void AtomicFile::commit(const std::function<void(const fs::path&)>& verify) {
  flush_to_disk(temporary_);
  verify(temporary_);
  if (::rename(temporary_.c_str(), target_.c_str()) != 0)
    throw IoError(system_message(target_, "cannot rename its temporary"));
  committed_ = true;
  flush_to_disk(folder_of(target_));
}

void flush_to_disk(const fs::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) throw IoError(system_message(path, "cannot open"));
  // Some file systems do not flush folders and say EINVAL; there is nothing more to do on them.
  const bool failed = ::fsync(descriptor) != 0 && errno != EINVAL;
  const int reason = errno;
  ::close(descriptor);
  errno = reason;
  if (failed) throw IoError(system_message(path, "cannot write to disk"));
}

void write_file_atomically(const fs::path& path, std::string_view bytes) {
  AtomicFile file(path);
  auto out = FileDescriptor::open_for_writing(file.temporary());
  out.write_at(0, bytes.data(), bytes.size());
  out.close();
  file.commit([&](const fs::path& written) {
    if (read_file(written) != bytes)
      throw IoError(path.string() + ": what was written reads back differently");
  });
}

std::string read_file(const fs::path& path) {
  const auto file = FileDescriptor::open_for_reading(path);
  std::string bytes(file.size(), '\0');
  bytes.resize(file.read_at(0, bytes.data(), bytes.size()));
  return bytes;
}

}  // namespace danaus::io
