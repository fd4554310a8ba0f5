#include "verbs.hpp"

#include <common/check_files.hpp>

#include <danaus/core/error.hpp>
#include <danaus/io/digest.hpp>
#include <danaus/io/finite.hpp>
#include <danaus/pde/data/data_set.hpp>

#include <filesystem>

namespace danaus::app {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t newest_format = 1;

/// Our own files by what their format says; of others, that they are data which train would take.
std::string check_content(const fs::path& path) {
  if (io::file_state(path) == io::FileState::foreign) {
    pde::DataOptions options;
    options.memory_budget_bytes = 0;  // read sample by sample: the file may be larger than memory
    const pde::DataSet data(path.string(), options);
    const auto& d = data.description();
    const size_t part =
        std::max(d.points_x * d.points_y * std::max(d.input_channels, d.output_channels), size_t(1));
    std::vector<float> sample(part * d.frames);
    for (size_t s = 0; s < d.samples; ++s) data.read_sample(s, 0, d.frames, sample.data());
    return d.layout;
  }
  if (io::file_state(path) == io::FileState::partial)
    throw DataError(path.string() + ": an unfinished generation; the same generate command continues it");
  const io::Hdf5Reader reader(path);
  const auto format = reader.attribute<std::string>("/", "format");
  reader.require_format(format, newest_format);
  io::require_all_finite(reader);
  if (format == "danaus-checkpoint") {
    if (!reader.has_group("/parameters") || !reader.has_group("/model"))
      reader.fail("/", "expected the groups /parameters and /model of a checkpoint");
    return "checkpoint";
  }
  pde::DataOptions options;
  options.memory_budget_bytes = 0;
  return pde::DataSet(path.string(), options).description().layout;
}

}  // namespace

Verb check_verb() {
  Verb verb = check_files_verb("danaus-pde", check_content);
  verb.examples = {"danaus-pde check data/*.h5", "danaus-pde check --reseal data/edited.h5"};
  return verb;
}

}  // namespace danaus::app
