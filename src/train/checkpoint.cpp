#include <danaus/train/checkpoint.hpp>

#include <danaus/core/instantiate.hpp>
#include <danaus/io/hdf5_reader.hpp>
#include <danaus/io/hdf5_writer.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <set>
#include <string_view>

namespace danaus::train {

namespace {

bool is_learned(const ParameterInfo& p) { return p.group != ParameterGroup::state; }

/// Where the raw values of a parameter are stored.
std::string path_of(const ParameterInfo& p) {
  const bool normalizes = p.group == ParameterGroup::state && p.name.starts_with("normalizer/");
  return (normalizes ? "/" : "/parameters/") + p.name;
}

/// Writes the part of a flat buffer that belongs to a parameter.
template <class T>
void write_parameter(io::Hdf5Writer& file, const std::string& path, const ParameterInfo& p,
                     const HostTensor<T, 1>& flat) {
  const T* data = flat.data() + p.offset;
  if (p.is_complex)
    file.write(path, p.shape, reinterpret_cast<const Complex<T>*>(data));
  else
    file.write(path, p.shape, data);
}

template <class T>
void read_parameter(const io::Hdf5Reader& file, const std::string& path, const ParameterInfo& p,
                    const HostTensor<T, 1>& flat) {
  const io::Extents first(p.shape.size(), 0);
  T* data = flat.data() + p.offset;
  if (p.is_complex)
    file.read_slab(path, first, p.shape, reinterpret_cast<Complex<T>*>(data));
  else
    file.read_slab(path, first, p.shape, data);
}

/// @throws DataError that lists every parameter which is missing, has another shape or type, or is not the
/// model's
void require_same_parameters(const io::Hdf5Reader& file, const std::vector<ParameterInfo>& parameters) {
  std::string differences;
  std::set<std::string> known;
  for (const auto& p : parameters) {
    const std::string path = path_of(p);
    known.insert(path);
    if (!file.has_dataset(path)) {
      differences += "\n  " + path + ": missing";
      continue;
    }
    const io::ArrayInfo found = file.info(path);
    if (found.shape != p.shape || io::is_complex(found.type) != p.is_complex)
      differences += "\n  " + path + ": expected " + (p.is_complex ? "complex " : "real ") +
                     io::to_string(p.shape) + ", found " + io::describe(found);
  }
  for (const auto& path : file.all_datasets())
    if ((path.starts_with("/parameters/") || path.starts_with("/normalizer/")) && !known.contains(path))
      differences += "\n  " + path + ": not in the model";
  if (!differences.empty()) throw DataError(file.path().string() + ": does not fit the model:" + differences);
}

/// @param prefix  "/ema/" and so on; the raw values have a path of their own
template <class T>
void read_flat(const io::Hdf5Reader& file, const std::string& prefix,
               const std::vector<ParameterInfo>& parameters, const Tensor<T, 1>& values) {
  const auto flat = to_host(values);
  for (const auto& p : parameters) {
    if (!is_learned(p)) continue;
    const io::ArrayInfo found = file.require(prefix + p.name, int(p.shape.size()), {});
    if (found.shape != p.shape) file.fail(prefix + p.name, "expected shape " + io::to_string(p.shape));
    read_parameter<T>(file, prefix + p.name, p, flat);
  }
  copy(values, flat);
}

template <class T>
void read_raw(const io::Hdf5Reader& file, Learnable<T>& model) {
  const auto& store = model.parameters();
  require_same_parameters(file, store.parameters());
  const auto flat = to_host(store.values());
  for (const auto& p : store.parameters()) read_parameter<T>(file, path_of(p), p, flat);
  copy(store.values(), flat);
}

io::Hdf5Reader open_checkpoint(const std::filesystem::path& path) {
  io::Hdf5Reader file(path);
  if (!file.is_sealed()) throw DataError(path.string() + ": not a Danaus checkpoint");
  file.require_format(checkpoint_format, checkpoint_version);
  return file;
}

constexpr const char* training = "/training";

// One list of the fields serves reading and writing.
template <class Visitor>
void visit(TrainingState& s, Visitor&& field) {
  field("epoch", s.epoch);
  field("batch", s.batch);
  field("step", s.step);
  field("loss_sum", s.loss_sum);
  field("loss_terms", s.loss_terms);
  field("lowest_loss", s.lowest_loss);
  field("elapsed_seconds", s.elapsed_seconds);
  field("epoch_seconds", s.epoch_seconds);
  field("seed", s.seed);
  field("data_digest", s.data_digest);
}
template <class Visitor>
void visit(TrainResult& r, Visitor&& field) {
  field("result_model", r.model);
  field("result_parameters", r.parameters);
  field("result_parameters_complex_as_one", r.parameters_complex_as_one);
  field("result_epochs", r.epochs);
  field("result_seconds_per_epoch", r.seconds_per_epoch);
  field("result_seconds_total", r.seconds_total);
  field("result_seed", r.seed);
  field("result_data_digest", r.data_digest);
}

// Names that depend on what is trained.
constexpr std::string_view best_prefix = "best_", validation_prefix = "validation_",
                           result_prefix = "result_";
constexpr std::array known_results{
    "result_model",  "result_parameters",        "result_parameters_complex_as_one",
    "result_epochs", "result_seconds_per_epoch", "result_seconds_total",
    "result_seed",   "result_data_digest"};

struct AttributeWriter {
  io::Hdf5Writer& file;
  // Seeds use all 64 bits; attributes are signed.
  void operator()(const char* name, std::uint64_t x) const {
    file.attribute(training, name, std::bit_cast<std::int64_t>(x));
  }
  // Not known yet is not written: files hold finite numbers only.
  void operator()(const char* name, double x) const {
    if (std::isfinite(x)) file.attribute(training, name, x);
  }
  void operator()(const char* name, const std::string& x) const { file.attribute(training, name, x); }
};
struct AttributeReader {
  const io::Hdf5Reader& file;
  void operator()(const char* name, std::uint64_t& x) const {
    x = std::bit_cast<std::uint64_t>(file.attribute<std::int64_t>(training, name));
  }
  void operator()(const char* name, double& x) const {
    if (file.has_attribute(training, name)) x = file.attribute<double>(training, name);
  }
  void operator()(const char* name, std::string& x) const { x = file.attribute<std::string>(training, name); }
};

void write_scores(io::Hdf5Writer& file, const TrainingState& state) {
  const AttributeWriter write{file};
  write((std::string(best_prefix) + state.criterion).c_str(), state.best);
  if (state.relative_l2_sum != 0) write("relative_l2_sum", state.relative_l2_sum);
  for (const auto& [name, score] : state.validation)
    write((std::string(validation_prefix) + name).c_str(), score);
  if (!state.result) return;
  for (const auto& [name, score] : state.result->scores)
    write((std::string(result_prefix) + name).c_str(), score);
}

void read_scores(const io::Hdf5Reader& file, TrainingState& state) {
  const auto number = [&](const std::string& name) { return file.attribute<double>(training, name); };
  for (const auto& name : file.attributes(training)) {
    if (name.starts_with(best_prefix)) {
      state.criterion = name.substr(best_prefix.size());
      state.best = number(name);
    } else if (name.starts_with(validation_prefix)) {
      state.validation[name.substr(validation_prefix.size())] = number(name);
    } else if (name == "relative_l2_sum") {
      state.relative_l2_sum = number(name);
    } else if (state.result && name.starts_with(result_prefix) &&
               std::find(known_results.begin(), known_results.end(), name) == known_results.end()) {
      state.result->scores[name.substr(result_prefix.size())] = number(name);
    }
  }
}

}  // namespace

template <class T>
void write_checkpoint(const std::filesystem::path& path, const io::FileHeader& header,
                      const Learnable<T>& model, const optim::Adam<T>& optimizer,
                      const TrainingState& state) {
  io::Hdf5Writer file(path);
  io::FileHeader full = header;
  if (full.created_by.empty()) full.created_by = "danaus";
  full.format = checkpoint_format;
  full.format_version = checkpoint_version;
  full.seed = state.seed;
  file.header(full);

  const auto& parameters = model.parameters().parameters();
  const auto values = to_host(model.parameters().values());
  for (const auto& p : parameters) write_parameter<T>(file, path_of(p), p, values);
  const auto write_learned = [&](const std::string& prefix, const Tensor<T, 1>& flat) {
    const auto host = to_host(flat);
    for (const auto& p : parameters)
      if (is_learned(p)) write_parameter<T>(file, prefix + p.name, p, host);
  };
  if (optimizer.has_average()) write_learned("/ema/", optimizer.average());
  write_learned("/optimizer/first_moment/", optimizer.first_moment());
  write_learned("/optimizer/second_moment/", optimizer.second_moment());
  file.attribute("/optimizer", "updates", std::int64_t(optimizer.updates()));

  TrainingState copy = state;
  visit(copy, AttributeWriter{file});
  file.attribute(training, "finished", std::int64_t(state.result.has_value()));
  if (copy.result) visit(*copy.result, AttributeWriter{file});
  write_scores(file, state);
  if (!state.seconds_of_epochs.empty())
    file.write("/training/seconds_of_epochs", {state.seconds_of_epochs.size()},
               state.seconds_of_epochs.data());
  for (const auto& [name, value] : model.hyper_parameters()) file.attribute("/model", name, value);
  file.commit();
}

template <class T>
TrainingState read_checkpoint(const std::filesystem::path& path, Learnable<T>& model,
                              optim::Adam<T>& optimizer) {
  const io::Hdf5Reader file = open_checkpoint(path);
  read_raw(file, model);
  const auto& parameters = model.parameters().parameters();
  if (optimizer.has_average()) read_flat<T>(file, "/ema/", parameters, optimizer.average());
  read_flat<T>(file, "/optimizer/first_moment/", parameters, optimizer.first_moment());
  read_flat<T>(file, "/optimizer/second_moment/", parameters, optimizer.second_moment());
  optimizer.set_updates(std::uint64_t(file.attribute<std::int64_t>("/optimizer", "updates")));

  TrainingState state;
  visit(state, AttributeReader{file});
  if (file.attribute<std::int64_t>(training, "finished")) {
    state.result.emplace();
    visit(*state.result, AttributeReader{file});
  }
  read_scores(file, state);
  if (file.has_dataset("/training/seconds_of_epochs"))
    state.seconds_of_epochs = file.read<double>("/training/seconds_of_epochs");
  return state;
}

template <class T>
void read_parameters(const std::filesystem::path& path, Learnable<T>& model, WeightsKind kind) {
  const io::Hdf5Reader file = open_checkpoint(path);
  read_raw(file, model);
  if (kind == WeightsKind::averaged && file.has_group("/ema"))
    read_flat<T>(file, "/ema/", model.parameters().parameters(), model.parameters().values());
}

std::map<std::string, std::string> read_hyper_parameters(const std::filesystem::path& path) {
  const io::Hdf5Reader file = open_checkpoint(path);
  std::map<std::string, std::string> result;
  for (const auto& name : file.attributes("/model"))
    result[name] = file.attribute<std::string>("/model", name);
  return result;
}

#define DANAUS_INSTANTIATE(T)                                                                              \
  template void write_checkpoint<T>(const std::filesystem::path&, const io::FileHeader&,                   \
                                    const Learnable<T>&, const optim::Adam<T>&, const TrainingState&);     \
  template TrainingState read_checkpoint<T>(const std::filesystem::path&, Learnable<T>&, optim::Adam<T>&); \
  template void read_parameters<T>(const std::filesystem::path&, Learnable<T>&, WeightsKind);
DANAUS_FOR_EACH_REAL(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::train
