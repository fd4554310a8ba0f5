#pragma once

#include <filesystem>
#include <functional>
#include <string_view>

namespace danaus::io {

/// A file that appears under its name complete and verified, or not at all.
///
/// It is written under a temporary name in the same folder (`.NAME.PID.N.tmp`); commit() flushes it to the
/// disk, lets the caller re-read it, renames it and flushes the folder. Until the rename an earlier file of
/// that name is untouched; without a commit the temporary is removed. A temporary that a killed process left
/// behind is removed by the next writer of the same name once it is an hour old. A symbolic link is written
/// through.
///
/// @throws IoError naming the path and the system's reason (disk full, not writable, no such folder)
class AtomicFile {
 public:
  explicit AtomicFile(const std::filesystem::path& target);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  const std::filesystem::path& target() const { return target_; }
  /// The empty file that the caller fills and closes before commit().
  const std::filesystem::path& temporary() const { return temporary_; }

  /// @param verify  re-reads the temporary and throws if it is not what was written
  void commit(const std::function<void(const std::filesystem::path&)>& verify);

 private:
  std::filesystem::path target_, temporary_;
  bool committed_ = false;
};

/// Writes a small text or binary file (it is held in memory twice) through an AtomicFile.
void write_file_atomically(const std::filesystem::path& path, std::string_view bytes);

/// The whole file.
/// @throws MissingInputError if it cannot be opened, IoError if it cannot be read
std::string read_file(const std::filesystem::path& path);

/// Flushes a file, or the entries of a folder, to the disk.
void flush_to_disk(const std::filesystem::path& path);

}  // namespace danaus::io
