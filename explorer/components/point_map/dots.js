import { PixelDots } from "./pixel_dots.js";

// Draws points as discs, on the GPU if the browser offers WebGL 2 on one, otherwise pixel by pixel on the CPU.

const VERTEX = `#version 300 es
in vec2 place;
in vec4 colour;
uniform vec2 centre;
uniform vec2 scale;
uniform float size;
out vec4 fill;
void main() {
  gl_Position = vec4((place - centre) * scale, 0.0, 1.0);
  gl_PointSize = size;
  fill = colour;
}`;

const FRAGMENT = `#version 300 es
precision highp float;
in vec4 fill;
uniform float size;
out vec4 result;
void main() {
  float r = length(gl_PointCoord - 0.5) * size;
  float cover = clamp(size * 0.5 - r, 0.0, 1.0);
  // A slightly darker rim separates pale dots from the background and from each other.
  float rim = 0.72 + 0.28 * clamp(size * 0.5 - 1.2 - r, 0.0, 1.0);
  result = vec4(fill.rgb * rim, 1.0) * fill.a * cover;
}`;

// Names of software renderers. Drawing directly on the CPU is faster than these.
const SOFTWARE = /swiftshader|llvmpipe|softpipe|software|basic render/i;

/** @param {HTMLCanvasElement} canvas */
export function makeDots(canvas) {
  const gl = hasGpu() && canvas.getContext("webgl2", { antialias: false, premultipliedAlpha: true });
  return gl ? new GpuDots(canvas, gl) : new PixelDots(canvas);
}

function hasGpu() {
  // A separate canvas is used, because a canvas that was asked for WebGL cannot draw in 2D any more.
  const gl = document.createElement("canvas").getContext("webgl2");
  if (!gl) return false;
  const named = gl.getExtension("WEBGL_debug_renderer_info");
  const name = gl.getParameter(named ? named.UNMASKED_RENDERER_WEBGL : gl.RENDERER);
  gl.getExtension("WEBGL_lose_context")?.loseContext();
  return !SOFTWARE.test(name);
}

// What WebGL has made. It makes nothing while its context is lost, and restoring the context makes everything again.
/**
 * @template Made
 * @param {Made | null} thing
 */
function made(thing) {
  return /** @type {Made} */ (thing);
}

class GpuDots {
  /**
   * @param {HTMLCanvasElement} canvas
   * @param {WebGL2RenderingContext} gl
   */
  constructor(canvas, gl) {
    this.canvas = canvas;
    this.gl = gl;
    this.kind = "webgl2";
    this.count = 0;
    /** @type {Record<string, WebGLUniformLocation | null>} */
    this.uniform = {};
    /** @type {WebGLBuffer[]} */
    this.buffers = [];
    this.prepare();
    // The GPU context can be lost, for example when the computer sleeps. All its data has to be sent again when it is restored.
    canvas.addEventListener("webglcontextlost", (event) => event.preventDefault());
    canvas.addEventListener("webglcontextrestored", () => {
      this.prepare();
      if (this.last) {
        this.setPoints(this.last.points);
        this.setColours(this.last.colours, this.last.order);
        this.draw(this.last.camera, this.last.diameter, this.last.ratio);
      }
    });
    this.last = null;
  }

  prepare() {
    const { gl } = this;
    const program = made(gl.createProgram());
    for (const { kind, source } of [{ kind: gl.VERTEX_SHADER, source: VERTEX }, { kind: gl.FRAGMENT_SHADER, source: FRAGMENT }]) {
      const shader = made(gl.createShader(kind));
      gl.shaderSource(shader, source);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
    }
    gl.linkProgram(program);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost()) throw new Error(gl.getProgramInfoLog(program) ?? "");
    gl.useProgram(program);
    this.uniform = Object.fromEntries(["centre", "scale", "size"].map((name) => [name, gl.getUniformLocation(program, name)]));
    this.buffers = ["place", "colour", "order"].map(() => made(gl.createBuffer()));
    /**
     * @param {WebGLBuffer} buffer
     * @param {string} name
     * @param {number} size
     * @param {number} type
     * @param {boolean} normalized
     */
    const attribute = (buffer, name, size, type, normalized) => {
      gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
      const at = gl.getAttribLocation(program, name);
      gl.enableVertexAttribArray(at);
      gl.vertexAttribPointer(at, size, type, normalized, 0, 0);
    };
    attribute(this.buffers[0], "place", 2, gl.FLOAT, false);
    attribute(this.buffers[1], "colour", 4, gl.UNSIGNED_BYTE, true);
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, this.buffers[2]);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  }

  /**
   * @param {number} width
   * @param {number} height
   * @param {number} ratio
   */
  resize(width, height, ratio) {
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    this.gl.viewport(0, 0, this.canvas.width, this.canvas.height);
  }

  /** @param {Float32Array} points */
  setPoints(points) {
    this.last = { ...this.last, points };
    this.gl.bindBuffer(this.gl.ARRAY_BUFFER, this.buffers[0]);
    this.gl.bufferData(this.gl.ARRAY_BUFFER, points, this.gl.DYNAMIC_DRAW);
  }

  // colours: RGBA bytes of all points; order: the points to draw, the last on top
  /**
   * @param {Uint8Array} colours
   * @param {Uint32Array} order
   */
  setColours(colours, order) {
    const { gl } = this;
    this.last = { ...this.last, colours, order };
    gl.bindBuffer(gl.ARRAY_BUFFER, this.buffers[1]);
    gl.bufferData(gl.ARRAY_BUFFER, colours, gl.DYNAMIC_DRAW);
    gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, order, gl.DYNAMIC_DRAW);
    this.count = order.length;
  }

  /**
   * @param {import("./camera.js").Camera} camera
   * @param {number} diameter
   * @param {number} ratio
   */
  draw(camera, diameter, ratio) {
    const { gl, uniform } = this;
    Object.assign(this.last, { camera, diameter, ratio });
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.uniform2f(uniform.centre, camera.centre[0], camera.centre[1]);
    gl.uniform2f(uniform.scale, (2 * camera.scale) / camera.width, (2 * camera.scale) / camera.height);
    gl.uniform1f(uniform.size, diameter * ratio);
    gl.drawElements(gl.POINTS, this.count, gl.UNSIGNED_INT, 0);
  }

  stop() {
    this.gl.getExtension("WEBGL_lose_context")?.loseContext();
  }
}
