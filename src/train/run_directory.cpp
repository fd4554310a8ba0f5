#include <danaus/train/run_directory.hpp>

#include <danaus/core/error.hpp>
#include <danaus/io/atomic_file.hpp>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <sstream>

namespace danaus::train {

namespace fs = std::filesystem;

namespace {

constexpr const char* files_of_a_run[] = {"config.ini", "command.txt", "build.json", "metrics.csv",
                                          "last.h5",    "best.h5",     "report.html"};

std::string join(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : ",") + word;
  return text;
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);) parts.push_back(part);
  return parts;
}

}  // namespace

RunDirectory::RunDirectory(const fs::path& path, ExistingRun existing) : path_(path) {
  if (path.empty()) throw UsageError("out: no folder given");
  const std::string name = "'" + path.string() + "'";
  if (fs::exists(path) && !fs::is_directory(path))
    throw UsageError("out: " + name + " exists and is not a folder");
  std::error_code error;
  fs::create_directories(path, error);
  if (error) throw IoError("cannot make the folder " + name + ": " + error.message());

  const bool empty = fs::is_empty(path, error);
  if (error) throw IoError("cannot read the folder " + name + ": " + error.message());
  if (!empty && existing == ExistingRun::refuse)
    throw UsageError("out: " + name + " is not empty; --resume continues it, --overwrite replaces it");
  const auto is_there = [&](const char* file) { return fs::exists(path_ / file); };
  if (!empty && existing == ExistingRun::resume &&
      std::none_of(std::begin(files_of_a_run), std::end(files_of_a_run), is_there))
    throw UsageError("out: " + name + " holds no run to resume");

  // Not every file system has locks; where there are none, nothing is lost.
  lock_ = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (lock_ >= 0 && ::flock(lock_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    ::close(lock_);
    throw UsageError("out: " + name + " is in use by another run");
  }

  resumed_ = existing == ExistingRun::resume && is_there("last.h5");
  if (existing == ExistingRun::overwrite)
    for (const char* file : files_of_a_run) fs::remove(path_ / file, error);
}

RunDirectory::~RunDirectory() {
  if (lock_ >= 0) ::close(lock_);
}

void RunDirectory::write(const std::string& name, const std::string& text) const {
  io::write_file_atomically(file(name), text);
}

MetricsLog::MetricsLog(const fs::path& path, const std::vector<std::string>& columns,
                       std::optional<std::uint64_t> last_step)
    : path_(path), columns_(columns.size()) {
  std::string text = join(columns) + "\n";
  if (last_step && fs::exists(path)) {
    const auto lines = split(io::read_file(path), '\n');
    if (lines.empty() || lines[0] + "\n" != text)
      throw DataError(path.string() + ": expected columns " + join(columns) + ", found " +
                      (lines.empty() ? "none" : lines[0]));
    const size_t step = size_t(std::find(columns.begin(), columns.end(), "step") - columns.begin());
    for (size_t i = 1; i < lines.size(); ++i) {
      const auto cells = split(lines[i], ',');
      // A row that was cut off when its writer died is one after the checkpoint.
      if (cells.size() != columns_) break;
      std::uint64_t row_step = 0;
      std::from_chars(cells[step].data(), cells[step].data() + cells[step].size(), row_step);
      if (row_step > *last_step) break;
      text += lines[i] + "\n";
    }
  }
  io::write_file_atomically(path, text);
}

void MetricsLog::row(const std::vector<double>& values) {
  if (values.size() != columns_) throw std::logic_error("MetricsLog::row: wrong number of values");
  std::string text;
  for (double value : values) {
    char cell[40];
    std::snprintf(cell, sizeof cell, "%s%.10g", text.empty() ? "" : ",", value);
    text += cell;
  }
  text += "\n";
  std::FILE* file = std::fopen(path_.c_str(), "a");
  const bool written = file && std::fwrite(text.data(), 1, text.size(), file) == text.size();
  if (!(file && std::fclose(file) == 0 && written))
    throw IoError(path_.string() + ": cannot write: " + std::strerror(errno));
}

}  // namespace danaus::train
