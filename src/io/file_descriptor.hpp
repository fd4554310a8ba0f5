#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace danaus::io {

/// "PATH: what: reason", the reason from errno.
std::string system_message(const std::filesystem::path& path, const std::string& what);

/// An open file; every call either does all of its work or throws a typed error that names the path.
class FileDescriptor {
 public:
  /// @throws MissingInputError if it does not exist, is not readable or is a folder
  static FileDescriptor open_for_reading(const std::filesystem::path& path);
  /// @throws IoError
  static FileDescriptor open_for_writing(const std::filesystem::path& path);
  /// Fails if the name is taken. @throws IoError
  static FileDescriptor create_new(const std::filesystem::path& path);

  ~FileDescriptor();
  FileDescriptor(FileDescriptor&& other) noexcept;
  FileDescriptor& operator=(FileDescriptor&& other) noexcept;

  std::uint64_t size() const;
  /// Reads up to `bytes`; fewer only at the end of the file.
  std::size_t read_at(std::uint64_t offset, void* data, std::size_t bytes) const;
  void write_at(std::uint64_t offset, const void* data, std::size_t bytes) const;
  void flush() const;
  /// Exclusive until closed. @return false if another process holds it
  bool try_lock() const;
  /// Network file systems report a full disk only here.
  void close();

 private:
  FileDescriptor(int descriptor, std::filesystem::path path)
      : descriptor_(descriptor), path_(std::move(path)) {}
  int descriptor_ = -1;
  std::filesystem::path path_;
};

}  // namespace danaus::io
