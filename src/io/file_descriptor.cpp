#include <io/file_descriptor.hpp>

#include <danaus/core/error.hpp>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace danaus::io {

std::string system_message(const std::filesystem::path& path, const std::string& what) {
  return path.string() + ": " + what + ": " + std::strerror(errno);
}

FileDescriptor FileDescriptor::open_for_reading(const std::filesystem::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) throw MissingInputError(system_message(path, "cannot open"));
  FileDescriptor file(descriptor, path);
  struct stat status;
  if (::fstat(descriptor, &status) != 0) throw IoError(system_message(path, "cannot open"));
  if (!S_ISREG(status.st_mode))
    throw MissingInputError(path.string() + ": expected a file, found a folder or device");
  return file;
}

FileDescriptor FileDescriptor::open_for_writing(const std::filesystem::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (descriptor < 0) throw IoError(system_message(path, "cannot write"));
  return {descriptor, path};
}

FileDescriptor FileDescriptor::create_new(const std::filesystem::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (descriptor < 0) throw IoError(system_message(path, "cannot create"));
  return {descriptor, path};
}

FileDescriptor::~FileDescriptor() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

FileDescriptor::FileDescriptor(FileDescriptor&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), path_(std::move(other.path_)) {}

FileDescriptor& FileDescriptor::operator=(FileDescriptor&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(path_, other.path_);
  return *this;
}

std::uint64_t FileDescriptor::size() const {
  struct stat status;
  if (::fstat(descriptor_, &status) != 0) throw IoError(system_message(path_, "cannot read its size"));
  return std::uint64_t(status.st_size);
}

std::size_t FileDescriptor::read_at(std::uint64_t offset, void* data, std::size_t bytes) const {
  std::size_t done = 0;
  while (done < bytes) {
    const ssize_t n =
        ::pread(descriptor_, static_cast<char*>(data) + done, bytes - done, off_t(offset + done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw IoError(system_message(path_, "cannot read"));
    if (n == 0) break;
    done += std::size_t(n);
  }
  return done;
}

void FileDescriptor::write_at(std::uint64_t offset, const void* data, std::size_t bytes) const {
  std::size_t done = 0;
  while (done < bytes) {
    const ssize_t n =
        ::pwrite(descriptor_, static_cast<const char*>(data) + done, bytes - done, off_t(offset + done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw IoError(system_message(path_, "cannot write"));
    done += std::size_t(n);
  }
}

void FileDescriptor::flush() const {
  if (::fsync(descriptor_) != 0) throw IoError(system_message(path_, "cannot write to disk"));
}

bool FileDescriptor::try_lock() const {
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) == 0) return true;
  // A file system without locks (some network ones) must not keep anyone from working.
  return errno != EWOULDBLOCK;
}

void FileDescriptor::close() {
  if (::close(std::exchange(descriptor_, -1)) != 0) throw IoError(system_message(path_, "cannot write"));
}

}  // namespace danaus::io
