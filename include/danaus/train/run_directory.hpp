#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace danaus::train {

/// What to do with a folder that is not empty.
enum class ExistingRun { refuse, resume, overwrite };

/// The folder of one training run: config.ini, command.txt, build.json, metrics.csv, last.h5, best.h5,
/// report.html.
///
/// An absent or empty folder starts a run. `resume` continues one, or starts it anew if no checkpoint was
/// written yet; `overwrite` removes the files of the earlier run and nothing else. While one exists no other
/// process may use the folder.
/// @throws UsageError if the folder is in use, is not empty and may not be used, or is no run to resume
/// @throws IoError if it cannot be made
class RunDirectory {
 public:
  RunDirectory(const std::filesystem::path& path, ExistingRun existing);
  ~RunDirectory();
  RunDirectory(const RunDirectory&) = delete;
  RunDirectory& operator=(const RunDirectory&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path file(const std::string& name) const { return path_ / name; }
  std::filesystem::path last() const { return file("last.h5"); }
  std::filesystem::path best() const { return file("best.h5"); }
  std::filesystem::path metrics() const { return file("metrics.csv"); }

  /// Whether an earlier run is continued: last.h5 is there.
  bool is_resumed() const { return resumed_; }
  /// Writes config.ini and the like, complete or not at all.
  void write(const std::string& name, const std::string& text) const;

 private:
  std::filesystem::path path_;
  bool resumed_ = false;
  int lock_ = -1;
};

/// A CSV file of numbers, a row per epoch, each written out at once.
class MetricsLog {
 public:
  /// Continues the file with the rows whose `step` is at most `last_step`, or starts it when that is not
  /// given. The columns must contain `step`.
  /// @throws DataError if an existing file has other columns
  MetricsLog(const std::filesystem::path& path, const std::vector<std::string>& columns,
             std::optional<std::uint64_t> last_step);

  /// @throws IoError if it cannot be written
  void row(const std::vector<double>& values);

 private:
  std::filesystem::path path_;
  size_t columns_;
};

}  // namespace danaus::train
