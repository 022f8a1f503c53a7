// Draws the random numbers of a script. A test in Python compares them with numpy's:
//
//     draws SOURCE ACTIVE < script
//
// SOURCE is single, lanes, lanes_of_plain (which keep no halves of draws), batch or batch_of_floats. The script begins with a
// line of 16 seeds. Every further line is a draw: a letter and its arguments. A batch draws for seed i if bit i of ACTIVE is 1.
// Prints a line of 16 numbers per draw, then the states.

#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include <operant/random/random.hpp>

namespace {

constexpr std::size_t streams = 16;

struct Draw {
    char kind;
    std::vector<double> numbers;
    std::int64_t low, high;
};

struct Script {
    std::vector<std::uint64_t> seeds;
    std::vector<Draw> draws;
};

Script read_script(std::istream& input) {
    Script script;
    std::string line;
    std::getline(input, line);
    std::istringstream seeds(line);
    for (std::uint64_t seed; seeds >> seed;) script.seeds.push_back(seed);
    while (std::getline(input, line)) {
        std::istringstream words(line);
        Draw draw{};
        words >> draw.kind;
        if (draw.kind == 'i')
            words >> draw.low >> draw.high;
        else
            for (std::string word; words >> word;) draw.numbers.push_back(std::strtod(word.c_str(), nullptr));
        script.draws.push_back(draw);
    }
    return script;
}

template <class Source, class Use>
void draw_from(Source& source, const Draw& draw, Use use) {
    const auto& x = draw.numbers;
    switch (draw.kind) {
        case 'r': return use(source.random());
        case 'u': return use(source.uniform(x[0], x[1]));
        case 'n': return use(source.normal(x[0], x[1]));
        case 'e': return use(source.exponential(x[0]));
        case 'c': return use(source.choice(x));
        case 'i':
            if constexpr (!std::is_same_v<Source, operant::Pcg64Lanes<xsimd::default_arch, operant::Pcg64>>)
                return use(source.integers(draw.low, draw.high));
    }
    std::abort();
}

template <class Number>
void print(Number number) {
    if constexpr (std::is_integral_v<Number>)
        std::printf("%" PRId64 " ", static_cast<std::int64_t>(number));
    else
        std::printf("%a ", static_cast<double>(number));
}


template <class Generator>
void finish(const std::vector<Generator>& generators) {
    for (const auto& generator : generators) {
        std::printf("%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64, generator.state_high, generator.state_low,
                    generator.increment_high, generator.increment_low);
        if constexpr (requires { generator.uinteger; }) std::printf(" %u %u", generator.has_uint32, generator.uinteger);
        std::printf("\n");
    }
}

template <class Generator>
std::vector<Generator> make(const Script& script) {
    std::vector<Generator> generators;
    for (const auto seed : script.seeds) generators.emplace_back(operant::SeedSequence(seed));
    return generators;
}

template <class Generator>
void by_lanes(const Script& script) {
    using Lanes = operant::Pcg64Lanes<xsimd::default_arch, Generator>;
    auto generators = make<Generator>(script);
    std::vector<Lanes> sources;
    std::uint32_t which[streams];
    for (std::uint32_t i = 0; i < streams; ++i) which[i] = i;
    for (std::size_t i = 0; i < streams; i += Lanes::size) sources.emplace_back(generators.data(), which + i);
    for (const auto& draw : script.draws) {
        for (auto& source : sources)
            draw_from(source, draw, [](const typename Lanes::Number& drawn) {
                alignas(64) double numbers[Lanes::size];
                drawn.store_aligned(numbers);
                for (const double number : numbers) print(number);
            });
        std::printf("\n");
    }
    for (std::size_t i = 0; i < sources.size(); ++i)
        sources[i].store(generators.data(), which + i * Lanes::size, Lanes::size);
    finish(generators);
}

template <class Scalar>
void by_batches(const Script& script, std::uint64_t active) {
    using Batch = xsimd::batch<Scalar>;
    auto generators = make<operant::BufferedPcg64>(script);
    for (const auto& draw : script.draws) {
        for (std::size_t i = 0; i < streams; i += Batch::size) {
            operant::BatchRandom<Batch, operant::BufferedPcg64> source(generators.data() + i, active >> i);
            draw_from(source, draw, [](const auto& drawn) {
                alignas(64) typename std::remove_cvref_t<decltype(drawn)>::value_type numbers[Batch::size];
                drawn.store_aligned(numbers);
                for (const auto number : numbers) print(number);
            });
        }
        std::printf("\n");
    }
    finish(generators);
}

void one_by_one(const Script& script) {
    auto generators = make<operant::BufferedPcg64>(script);
    for (const auto& draw : script.draws) {
        for (auto& generator : generators) draw_from(generator, draw, [](auto drawn) { print(drawn); });
        std::printf("\n");
    }
    finish(generators);
}

}  // namespace

int main(int, char** argv) {
    const std::string source = argv[1];
    const Script script = read_script(std::cin);
    if (source == "single")
        one_by_one(script);
    else if (source == "lanes")
        by_lanes<operant::BufferedPcg64>(script);
    else if (source == "lanes_of_plain")
        by_lanes<operant::Pcg64>(script);
    else if (source == "batch")
        by_batches<double>(script, std::strtoull(argv[2], nullptr, 0));
    else if (source == "batch_of_floats")
        by_batches<float>(script, std::strtoull(argv[2], nullptr, 0));
    else
        return 1;
}
