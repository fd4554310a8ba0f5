#include "verbs.hpp"

#include <common/program.hpp>
#include <common/version.hpp>

#include <danaus/core/error.hpp>
#include <danaus/core/progress.hpp>
#include <danaus/io/digest.hpp>
#include <danaus/io/partial_file.hpp>
#include <danaus/pde/problems/problem.hpp>
#include <danaus/train/signals.hpp>

#include <algorithm>
#include <filesystem>
#include <numeric>

namespace danaus::app {
namespace {

namespace fs = std::filesystem;

/// Blocks grow until they take this long: a signal, a kill and the progress line wait for no more.
constexpr double seconds_per_block = 1.0;
constexpr size_t largest_block_bytes = size_t(1) << 30;

Option to_option(const pde::ProblemOption& o) {
  Option option;
  option.name = o.name;
  option.type = o.type == pde::ProblemOption::Type::integer ? OptionType::integer
                : o.type == pde::ProblemOption::Type::real  ? OptionType::real
                                                            : OptionType::choice;
  option.fallback_note = o.fallback;
  option.help = o.help;
  option.unit = o.unit;
  option.minimum = o.minimum;
  option.maximum = o.maximum;
  option.exclusive_minimum = o.exclusive_minimum;
  option.choices = o.choices;
  return option;
}

/// Adds an option that another problem has too: what either allows is allowed here; the problem itself
/// checks.
void merge(Option& option, const pde::ProblemOption& other, const std::string& problem) {
  option.minimum = std::min(option.minimum, other.minimum);
  option.maximum = std::max(option.maximum, other.maximum);
  option.exclusive_minimum = option.exclusive_minimum && other.exclusive_minimum;
  for (const auto& choice : other.choices)
    if (std::find(option.choices.begin(), option.choices.end(), choice) == option.choices.end())
      option.choices.push_back(choice);
  if (other.fallback != option.fallback_note && option.fallback_note.find(':') == std::string::npos)
    option.fallback_note += "; " + problem + ": " + other.fallback;
}

/// The options of all problems, each once; help says whose they are unless they are everyone's.
std::vector<Option> problem_options() {
  std::vector<Option> options;
  std::map<std::string, std::vector<std::string>> owners;
  for (const auto& problem : pde::problems())
    for (const auto& o : problem.options) {
      const auto known =
          std::find_if(options.begin(), options.end(), [&](const Option& x) { return x.name == o.name; });
      if (known == options.end())
        options.push_back(to_option(o));
      else
        merge(*known, o, problem.name);
      owners[o.name].push_back(problem.name);
    }
  for (auto& option : options) {
    const auto& of = owners[option.name];
    if (of.size() == pde::problems().size()) continue;
    std::string names;
    for (const auto& name : of) names += (names.empty() ? "" : ", ") + name;
    option.help = names + ": " + option.help;
  }
  return options;
}

std::vector<std::string> problem_names() {
  std::vector<std::string> names;
  for (const auto& problem : pde::problems()) names.push_back(problem.name);
  return names;
}

pde::ProblemSettings settings_of(const pde::Problem& problem, const Options& options) {
  std::map<std::string, std::string> given;
  for (const auto& option : problem_options()) {
    if (!options.is_given(option.name)) continue;
    const bool known = std::any_of(problem.options.begin(), problem.options.end(),
                                   [&](const auto& o) { return o.name == option.name; });
    if (!known) throw UsageError("--" + option.name + ": " + problem.name + " has no such option");
    given[option.name] = options.text(option.name);
  }
  return pde::ProblemSettings(problem, given);
}

io::AttributeValue to_attribute(const pde::ProblemAttribute& value) {
  return std::visit([](const auto& v) { return io::AttributeValue(v); }, value);
}

/// One generation: the layout, the partial file, the loop.
class Generation {
 public:
  explicit Generation(const Options& options)
      : options_(options),
        problem_(pde::find_problem(options.text("problem"))),
        settings_(settings_of(problem_, options)),
        layout_(problem_.layout(settings_)),
        samples_(options.size("samples")),
        seed_(std::uint64_t(options.integer("seed"))) {}

  Outcome dry_run() const {
    const size_t block = size_t(Exec().concurrency());
    Json json = {{"problem", problem_.name}, {"samples", samples_}, {"parameters", nullptr}};
    json["memory_bytes"] = problem_.workspace_bytes(settings_, block) + block * sample_bytes();
    json["file_bytes"] = samples_ * sample_bytes();
    json["seconds_estimate"] = estimate_seconds();
    json["shapes"] = shapes();
    json["options"] = settings_.values();
    char text[160];
    std::snprintf(text, sizeof text, "%zu samples, %.0f MiB on disk, about %s\n", samples_,
                  double(samples_ * sample_bytes()) / (1024 * 1024),
                  format_duration(json["seconds_estimate"].get<double>()).c_str());
    return {json, text};
  }

  Outcome run() {
    const fs::path out = options_.text("out");
    if (fs::exists(out) && !options_.toggle("overwrite"))
      throw UsageError("--out " + out.string() + ": exists; --overwrite replaces it");
    const Timer timer;
    // From before there is anything to continue until the file has its name.
    const train::SignalGuard signals;
    auto file = open_partial(out);
    const size_t before = file->samples_done();
    fill(*file, before, signals);
    file->finish();
    Json json = {{"out", out.string()}, {"problem", problem_.name}, {"samples", samples_}};
    json["resumed_from"] = before;
    json["seconds"] = timer.seconds();
    json["seed"] = seed_;
    json["shapes"] = shapes();
    json["report"] = report_;
    json["data_digest"] = io::to_string(io::verify(out));
    std::string text = out.string() + ": " + std::to_string(samples_) + " samples of " + problem_.name +
                       " in " + format_duration(timer.seconds()) + "\n";
    return {json, text};
  }

 private:
  size_t sample_bytes() const {
    size_t bytes = 0;
    for (const auto& array : layout_.arrays) bytes += array.size() * sizeof(float);
    return bytes;
  }

  Json shapes() const {
    Json json = Json::object();
    for (const auto& array : layout_.arrays) {
      Json shape = {samples_};
      for (size_t extent : array.shape) shape.push_back(extent);
      json[array.name] = shape;
    }
    for (const auto& constant : layout_.constants) json[constant.name] = Json{constant.values.size()};
    return json;
  }

  /// From one block, computed in memory. The work of a time-dependent problem is proportional to its horizon,
  /// of which a hundredth is enough.
  double estimate_seconds() const {
    auto values = settings_.values();
    double factor = 1;
    if (values.contains("horizon") && values.contains("record-interval")) {
      factor = 100;
      values["horizon"] = values["record-interval"] = app::to_text(settings_.real("horizon") / factor);
    }
    const pde::ProblemSettings shorter(problem_, values);
    const auto generator = problem_.make_generator(shorter, seed_);
    const size_t block = std::min(samples_, size_t(Exec().concurrency()));
    std::vector<std::vector<float>> memory;
    std::vector<float*> buffers;
    for (const auto& array : problem_.layout(shorter).arrays) memory.emplace_back(block * array.size());
    for (auto& m : memory) buffers.push_back(m.data());
    const Timer timer;
    generator(Exec(), 0, block, buffers);
    return timer.seconds() * factor * double(samples_) / double(block);
  }

  /// Everything that determines the content of the file.
  std::string identity() const {
    std::string text = "problem = " + problem_.name + "\n";
    for (const auto& [name, value] : settings_.values()) text += name + " = " + value + "\n";
    return text + "seed = " + std::to_string(seed_) + "\nsamples = " + std::to_string(samples_) + "\n";
  }

  std::unique_ptr<io::PartialFile> open_partial(const fs::path& out) const {
    std::vector<io::PartialArray> arrays;
    for (const auto& array : layout_.arrays) arrays.push_back({array.name, io::ScalarType::f32, array.shape});
    const auto open = [&] {
      return std::make_unique<io::PartialFile>(out, identity(), samples_, arrays,
                                               [&](io::Hdf5Writer& writer) { describe(writer); });
    };
    if (!options_.toggle("overwrite")) return open();
    try {
      return open();
    } catch (const Error& error) {
      // A partial file of other options, or a damaged one, is in the way of what was asked for.
      if (error.code() != ExitCode::usage && error.code() != ExitCode::data) throw;
      fs::remove(io::PartialFile::partial_path(out));
      return open();
    }
  }

  void describe(io::Hdf5Writer& writer) const {
    // No command line: the same options give the same bytes.
    writer.header({"danaus-" + problem_.name, 1, created_by(), "danaus-pde generate " + one_line(), seed_});
    for (const auto& [name, value] : layout_.attributes) writer.attribute("/", name, to_attribute(value));
    for (const auto& [name, value] : settings_.values())
      if (!layout_.attributes.contains(name)) writer.attribute("/", name, value);
    for (const auto& constant : layout_.constants) {
      writer.write(constant.name, {constant.values.size()}, constant.values);
      if (!constant.axis.empty()) writer.attribute(constant.name, "axes", constant.axis);
      if (!constant.help.empty()) writer.attribute(constant.name, "description", constant.help);
    }
  }

  std::string one_line() const {
    std::string text = "--problem " + problem_.name;
    for (const auto& [name, value] : settings_.values()) text += " --" + name + " " + value;
    return text + " --samples " + std::to_string(samples_) + " --seed " + std::to_string(seed_);
  }

  void fill(io::PartialFile& file, size_t done, const train::SignalGuard& signals) {
    if (done == samples_) return;
    const bool quiet = options_.toggle("quiet");
    const Exec space;
    const auto generator = problem_.make_generator(settings_, seed_);
    Progress progress(quiet ? ProgressMode::none : parse_progress_mode(options_.text("progress")), "generate",
                      double(samples_), "samples", double(done));
    if (done > 0)
      progress.line("continuing " + io::PartialFile::partial_path(options_.text("out")).string() + " at " +
                    std::to_string(done) + " of " + std::to_string(samples_) + " samples");
    const size_t threads = size_t(space.concurrency());
    // On a GPU many samples run in lock-step; the block grows from there all the same.
    size_t block = std::min<size_t>(threads, 64);
    while (done < samples_) {
      const size_t count = std::min(block, samples_ - done);
      const Timer timer;
      compute(generator, space, file, done, count);
      done += count;
      file.complete(done);
      progress.update(double(done));
      if (const int signal = signals.signal(); signal && done < samples_) {
        progress.finish();
        throw InterruptedError(std::string("stopped by ") + (signal == SIGINT ? "SIGINT" : "SIGTERM") +
                               " after " + std::to_string(done) + " of " + std::to_string(samples_) +
                               " samples; the same command continues " +
                               io::PartialFile::partial_path(options_.text("out")).string());
      }
      const bool fits =
          2 * block * sample_bytes() + problem_.workspace_bytes(settings_, 2 * block) <= largest_block_bytes;
      if (timer.seconds() < seconds_per_block / 2 && fits) block *= 2;
    }
  }

  void compute(const pde::SampleGenerator& generator, const Exec& space, io::PartialFile& file, size_t first,
               size_t count) {
    memory_.resize(layout_.arrays.size());
    std::vector<float*> buffers;
    for (size_t a = 0; a < memory_.size(); ++a) {
      memory_[a].resize(count * layout_.arrays[a].size());
      buffers.push_back(memory_[a].data());
    }
    for (const auto& [name, value] : generator(space, first, count, buffers)) {
      const auto known = report_.find(name);
      report_[name] = known == report_.end() ? value : std::max(known->second, value);
    }
    for (size_t a = 0; a < memory_.size(); ++a)
      file.write_rows(layout_.arrays[a].name, first, count, memory_[a].data());
  }

  const Options& options_;
  const pde::Problem& problem_;
  pde::ProblemSettings settings_;
  pde::ProblemLayout layout_;
  size_t samples_;
  std::uint64_t seed_;
  std::vector<std::vector<float>> memory_;
  pde::GenerationReport report_;
};

Outcome run_generate(const Options& options) {
  Generation generation(options);
  return options.toggle("dry-run") ? generation.dry_run() : generation.run();
}

}  // namespace

Verb generate_verb() {
  Verb verb;
  verb.name = "generate";
  verb.summary = "computes a data set with a verified solver; continues FILE.partial";
  verb.options = {common_option("config"),
                  choice_option("problem", "navier-stokes", problem_names(), "equation to solve"),
                  integer_option("samples", "1200", 1, 1e9, "samples")};
  for (auto& option : problem_options()) verb.options.push_back(option);
  for (const char* name :
       {"out", "seed", "threads", "device", "json", "quiet", "progress", "dry-run", "overwrite", "help"})
    verb.options.push_back(common_option(name));
  verb.examples = {
      "danaus-pde generate --problem navier-stokes --nu 1e-3 --samples 1200 --horizon 50 --out ns.h5",
      "danaus-pde generate --problem darcy --samples 600 --out darcy.h5"};
  verb.run = run_generate;
  return verb;
}

}  // namespace danaus::app
