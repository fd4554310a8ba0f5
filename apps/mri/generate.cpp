#include "arguments.hpp"
#include "verbs.hpp"

#include <common/program.hpp>
#include <common/version.hpp>

#include <danaus/core/error.hpp>
#include <danaus/core/progress.hpp>
#include <danaus/io/hdf5_reader.hpp>
#include <danaus/mri/data/synthetic_scan.hpp>
#include <danaus/train/signals.hpp>

namespace danaus::app {
namespace {

namespace fs = std::filesystem;

mri::SyntheticScanOptions scan_options(const Options& options) {
  mri::SyntheticScanOptions o;
  o.phantom = options.text("phantom");
  const auto size = parse_plane_size(options, "size"), pad = parse_plane_size(options, "pad");
  o.rows = size.rows, o.columns = size.columns;
  o.padded_rows = pad.rows, o.padded_columns = pad.columns;
  if (o.padded_rows < o.rows || o.padded_columns < o.columns)
    throw UsageError("--pad " + options.text("pad") + ": smaller than --size " + options.text("size"));
  o.slices = options.size("slices"), o.coils = options.size("coils");
  o.signal_to_noise = options.real("snr");
  o.calibration = options.size("calibration");
  o.seed = std::uint64_t(options.integer("seed"));
  return o;
}

/// No name of a file and no date: the same options give the same bytes.
std::string command_of(const Options& options, const mri::SyntheticScanOptions& o) {
  return "danaus-mri generate --phantom " + o.phantom + " --size " + options.text("size") + " --pad " +
         options.text("pad") + " --slices " + std::to_string(o.slices) + " --coils " +
         std::to_string(o.coils) + " --snr " + to_text(o.signal_to_noise) + " --calibration " +
         std::to_string(o.calibration) + " --seed " + std::to_string(o.seed);
}

struct Subject {
  fs::path path;
  std::uint64_t seed;
};

constexpr size_t largest_part = 1000;  // subjects

/// Training subjects, then those that validate and test, each part in a folder of its own; without the other
/// parts, scans alone in --out. Subject i of part p has seed + 1000 p + i, which no part's size changes and
/// no other subject has.
std::vector<Subject> subjects_of(const Options& options) {
  const fs::path folder = options.text("out");
  const bool has_parts = options.size("validation") + options.size("test") > 0;
  std::vector<Subject> subjects;
  std::uint64_t first = std::uint64_t(options.integer("seed"));
  for (const auto& [count, part] :
       {std::pair("subjects", "train"), {"validation", "validation"}, {"test", "test"}}) {
    for (size_t i = 0; i < options.size(count); ++i) {
      char name[32];
      std::snprintf(name, sizeof name, "subject_%03zu.h5", i);
      subjects.push_back({(has_parts ? folder / part : folder) / name, first + i});
    }
    first += largest_part;
  }
  return subjects;
}

Json counts_of(const Options& options) {
  return {{"subjects", options.size("subjects")},
          {"validation", options.size("validation")},
          {"test", options.size("test")}};
}

/// Whether an earlier run with the same options wrote this subject.
bool is_done(const fs::path& path, const std::string& command) {
  if (!fs::exists(path)) return false;
  try {
    const io::Hdf5Reader reader(path);
    return reader.is_sealed() && reader.attribute<std::string>("/", "command") == command;
  } catch (const Error&) {
    return false;
  }
}

/// Seconds of one slice, measured.
double seconds_per_slice(const mri::SyntheticScanOptions& o) {
  const mri::SyntheticScan scan(o);
  const Timer timer;
  scan.slice(o.slices / 2);
  return timer.seconds() / double(Kokkos::DefaultHostExecutionSpace().concurrency()) * 1.3;  // and the target
}

Outcome dry_run(const Options& options, const mri::SyntheticScanOptions& o) {
  const size_t subjects = subjects_of(options).size();
  Json json = counts_of(options);
  json["parameters"] = nullptr;
  json["memory_bytes"] = mri::synthetic_scan_memory_bytes(o);
  json["file_bytes"] = subjects * mri::synthetic_scan_file_bytes(o);
  json["seconds_estimate"] = seconds_per_slice(o) * double(o.slices * subjects);
  json["shapes"] = {{"/kspace", {o.slices, o.padded_rows, o.padded_columns, 2, o.coils}},
                    {"/maps", {o.slices, o.padded_rows, o.padded_columns, o.coils, 1}},
                    {"/target", {o.slices, o.padded_rows, o.padded_columns, 2, 1}}};
  char text[160];
  std::snprintf(text, sizeof text, "%zu subjects, %.0f MiB on disk, about %s\n", subjects,
                json["file_bytes"].get<double>() / (1 << 20),
                format_duration(json["seconds_estimate"].get<double>()).c_str());
  return {json, text};
}

Outcome run_generate(const Options& options) {
  mri::SyntheticScanOptions o = scan_options(options);
  if (options.toggle("dry-run")) return dry_run(options, o);
  const fs::path folder = options.text("out");
  if (fs::exists(folder) && !fs::is_directory(folder))
    throw UsageError("--out " + folder.string() +
                     ": a file; expected a folder, one file per subject goes there");
  const std::vector<Subject> subjects = subjects_of(options);
  // What is there is either a part of this very run, or in the way.
  for (const auto& [path, seed] : subjects) {
    o.seed = seed;
    if (fs::exists(path) && !options.toggle("overwrite") && !is_done(path, command_of(options, o)))
      throw UsageError("--out " + folder.string() + ": " + path.lexically_relative(folder).string() +
                       " exists and was made otherwise; --overwrite replaces it");
  }
  for (const auto& subject : subjects) {
    std::error_code fault;
    fs::create_directories(subject.path.parent_path(), fault);
    if (fault) throw IoError("--out " + folder.string() + ": cannot be created: " + fault.message());
  }

  const Timer timer;
  const train::SignalGuard signals;
  Progress progress(
      options.toggle("quiet") ? ProgressMode::none : parse_progress_mode(options.text("progress")),
      "generate", double(subjects.size() * o.slices), "slices");
  Json files = Json::array();
  size_t kept = 0;
  for (size_t s = 0; s < subjects.size(); ++s) {
    const fs::path& path = subjects[s].path;
    o.seed = subjects[s].seed;
    const std::string command = command_of(options, o);
    if (is_done(path, command) && !options.toggle("overwrite")) {
      ++kept;
    } else {
      const auto stop_or_show = [&](size_t slices) {
        if (signals.signal())
          throw InterruptedError("stopped after " + std::to_string(s) + " of " +
                                 std::to_string(subjects.size()) +
                                 " subjects; the same command continues with the next");
        progress.update(double(s * o.slices + slices));
      };
      mri::write_synthetic_scan(path, {"danaus-mri-raw", 1, created_by(), command, o.seed}, o, stop_or_show);
    }
    files.push_back(path.string());
  }
  progress.finish();
  Json json = counts_of(options);
  json.update(
      {{"out", folder.string()}, {"kept", kept}, {"files", files}, {"seed", options.integer("seed")}});
  json["seconds"] = timer.seconds();
  json["note"] = "synthetic: scores on these scans are not scores on clinical data";
  return {json, folder.string() + ": " + std::to_string(subjects.size()) + " subjects in " +
                    format_duration(timer.seconds()) + "\n"};
}

}  // namespace

Verb generate_verb() {
  Verb verb;
  verb.name = "generate";
  verb.summary = "makes synthetic scans in SKM-TEA's layout, one file per subject";
  verb.options = {
      common_option("config"),
      integer_option("subjects", "1", 1, largest_part, "scans; subject i has seed + i"),
      integer_option("validation", "0", 0, largest_part,
                     "further subjects in OUT/validation, the first ones in OUT/train; subject i has seed + "
                     "1000 + i"),
      integer_option("test", "0", 0, largest_part, "likewise in OUT/test; subject i has seed + 2000 + i"),
      choice_option(
          "phantom", "knee", {"knee", "shepp-logan"},
          "knee: a dual-echo steady-state scan of random anatomy; shepp-logan: the head of that name"),
      text_option("size", "416x80", "acquired samples along ky and kz"),
      text_option("pad", "512x160", "reconstructed plane: k-space is zero-padded to it"),
      integer_option("slices", "16", 1, 4096, "slices along x"),
      integer_option("coils", "8", 1, 128, "receiver coils"),
      real_option("snr", "30", 0, 1e9,
                  "signal of muscle in echo 1 over the noise of the fully sampled image; 0: no noise"),
      integer_option("calibration", "24", 0, 4096, "fully sampled centre square of the masks in the file"),
  };
  for (const char* name :
       {"out", "seed", "threads", "json", "quiet", "progress", "dry-run", "overwrite", "help"})
    verb.options.push_back(common_option(name));
  verb.examples = {"danaus-mri generate --subjects 10 --validation 3 --test 6 --seed 0 --out data/knees",
                   "danaus-mri generate --size 64x48 --pad 80x64 --slices 12 --coils 4 --out data/small"};
  verb.run = run_generate;
  return verb;
}

}  // namespace danaus::app
