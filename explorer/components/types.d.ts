// Types that the scripts of the components share. The scripts are plain JavaScript: tsc checks them by these types, by JSDoc,
// and by what it infers.

// The text of a worker's script, which `explorer.components.bundle` inlines.
declare module "*?worker" {
  const source: string;
  export default source;
}

// Bytes that Python sent: the JSON object of their header, the names of their tensors, and the values of a tensor. A name that
// is not there has no values. Values of float16 are widened to float32.
interface Message {
  about: any;
  names: string[];
  tensor(name: string): any;
}

// [channels, height, width]
type ImageShape = [number, number, number];

// [red, green, blue], 0 to 255
type Colour = number[];

type Scheme = "light" | "dark";

// The colours of a dot as CSS: [fill, outline]
type DotColours = string[];

// The colours for canvases: of each class, and of points without a class.
interface Theme {
  scheme: Scheme;
  classes: DotColours[];
  plain: DotColours;
}

// What names and marks a model on the page.
interface ModelMark {
  title: string;
  colour: string;
  marker: string;
}

// A component that Python sends data to. `send` reports its state to Python.
interface Component {
  update(data: Uint8Array, send: (state: unknown) => void): void;
  destroy(): void;
}

// What Streamlit calls the script of a component with.
interface MountCall {
  data: Uint8Array;
  parentElement: HTMLElement;
  setStateValue(name: string, value: unknown): void;
}

// The name of an elementwise function, and its parameters.
type Activation = [string, ...number[]];

// An operation of a network program, with its settings by name.
interface ProgramNode {
  op: string;
  inputs: string[];
  output: string;
  shape: number[];
  arrays: Record<string, string>;
  activations?: Activation[];
  [setting: string]: any;
}

type Values = Float32Array | Int32Array;

// Functions of the WebAssembly module kernels.wat: their arguments are addresses in bytes and counts.
type Kernels = Record<string, (...numbers: number[]) => void>;

// What planning a node needs: memory, the addresses and shapes of tensors, and the arrays of the program.
interface PlanContext {
  arena: { floats(count: number): number; store(values: Values): number };
  address: Record<string, number>;
  shapes: Record<string, number[]>;
  array(name: string): any;
  weight(node: ProgramNode): Float32Array;
  once<Made>(key: string, make: () => Made): Made;
}

type Step = () => void;
type Bind = (kernels: Kernels, floats: Float32Array) => Step[];
type Plan = (node: ProgramNode, context: PlanContext) => Bind;

// A network that is ready to run. `inputs` and `outputs` are views of its memory.
interface Network {
  inputs: Record<string, Float32Array>;
  outputs: Record<string, Float32Array>;
  macs: number;
  draw: any;
  run(): void;
}

// An element of a component's own HTML, which has all that the component looks up in it.
interface Root extends HTMLElement {
  querySelector(selectors: string): any;
  querySelectorAll(selectors: string): any;
}

type Point = [number, number];

// A quantity by which points can be coloured, with the ends of its colour scale.
interface Colouring {
  name: string;
  unit: string;
  low: number;
  high: number;
}

// How a drawing becomes a model's input: see `vae_core.data.preparation`.
interface Framing {
  frame: string;
  box: number;
  middle: Point;
}

// Draws one decoded observation: see `base/painters.js`.
interface Painter {
  width: number;
  height: number;
  size: number;
  unit: number;
  ink: boolean;
  noun: string;
  discrete: boolean;
  faint: Painter;
  paint(context: CanvasRenderingContext2D, values: Float32Array, x: number, y: number): void;
  text(values: Float32Array): string;
}

type ReceiveImage = (values: Float32Array) => void;

// What a model decodes beside a code.
interface FurtherInputs {
  // The class that the model is given; null for a model that is given none.
  condition: number | null;
  // Standard normal numbers for the groups below the top code; null for the means of their priors.
  details: Float32Array | null;
}

// Decodes the codes of one model: see `openDecoder`.
interface Decoder {
  where: string;
  depth: number;
  sampling: any;
  macs: number;
  further: FurtherInputs;
  decode(z: Float32Array, done: ReceiveImage): void;
  decodeQueued(z: Float32Array, done: ReceiveImage, further?: FurtherInputs): void;
  stop(): void;
}

// The route of the app that decodes for a page.
interface DecoderServer {
  address: string;
  token: string;
}

// Called with a sentence when something fails, and with "" when it works again.
type OnProblem = (sentence: string) => void;

// A direction between groups of images, and its vector before it was made orthogonal to the others.
interface Direction {
  name: string;
  vector: Float32Array;
  original?: Float32Array;
}

type Floats = Float32Array | Float64Array;

// The geometry of codes: see `latent_pad/space.js`.
interface Space {
  kind: string;
  straight: string;
  reach: number;
  project<Code extends Floats>(z: Code): Code;
  onto(z: Float32Array, u: Float32Array, v: Float32Array): Float32Array;
  inside(a: number, b: number, latent: number): Point;
  move(z: Float32Array, i: number, value: number): Float32Array;
  distance(chord: number): number;
}

// Orthonormal directions of a plane in latent space, and the code that its coordinates are measured from. The codes in
// `include` have to be visible.
interface PlaneAxes {
  u: Float32Array;
  v: Float32Array;
  centre: Float32Array;
  labels: string[];
  include?: Float32Array[];
}

// An image: a held-out one by its number, or one of the user's own.
interface Marked {
  image?: number;
  upload?: number;
}

interface CodePosterior {
  mean: Float32Array;
  scale: Float32Array | null;
}

// What is known of a frame that is drawn: when it was asked for, handled and caused, and whether it is a predicted one.
interface Frame {
  asked?: number;
  entered?: number;
  happened?: number;
  between?: boolean;
}

// What an overlay is computed from.
interface FieldModel {
  latent: number;
  codes: Float32Array;
  scales: Float32Array;
  errors: Float32Array;
  gap: number;
  plane: any;
  space?: Space;
  squaredDistances(codes: Float32Array): Float32Array | Promise<Float32Array>;
}
