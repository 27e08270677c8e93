/**
 * The types of our decorators. One function serves both dialects: legacy decorators are called with
 * `(target, key, descriptor)`, standard ones with `(value, context)`. TypeScript infers the type parameters of a factory
 * from the decorated member through phantom signatures that can never be called; callback options use them deferred, so
 * that they are inferred from the method and not from the callback. Holds from TypeScript 5.4 on.
 */

export type AnyMethod = (this: any, ...args: any[]) => any;
type AsyncMethod = (this: any, ...args: any[]) => Promise<any>;

/** In the standard dialect `Self` is inferred; in the legacy one the target, through `Legacy`. */
export type ThisOf<Self, Legacy> = [Legacy] extends [AnyMethod] ? Self : Legacy;

/** Defers inference without hiding a tuple, as `NoInfer` would. */
export type Later<Type> = [Type][Type extends any ? 0 : never];

/** Unlike `Awaited`, keeps a generic `Type` of `Promise<Type>`. */
export type Settled<Result> = Result extends PromiseLike<infer Value> ? Value : Result;

type Generators = Generator<any, any, any> | AsyncGenerator<any, any, any>;
/** No generator methods: what they return is consumed once. */
type NotGenerator<Method extends AnyMethod> =
  ReturnType<Method> extends Generators ? (ReturnType<Method> extends never ? unknown : never) : unknown;

/** For methods that return a Promise, and no others: the compiler says so where it is used. */
export interface AsyncMethodDecorator {
  <Method extends AsyncMethod>(value: Method, context: ClassMethodDecoratorContext<any, Method>): void;
  <Method extends AsyncMethod>(target: object, key: string | symbol, descriptor: TypedPropertyDescriptor<Method>): void;
}

/** For methods of any kind, whose `this`, parameters and result flow into callback options. */
export interface MethodDecorator<Self, Legacy, Args extends any[], Result> {
  (
    value: (this: Self, ...args: Args) => Result,
    context: ClassMethodDecoratorContext<Self, (this: Self, ...args: Args) => Result>,
    phantom1: never,
    phantom2: never,
  ): void;
  (
    target: Legacy,
    key: string | symbol,
    descriptor: TypedPropertyDescriptor<(...args: Args) => Result>,
    phantom: never,
  ): void;
  <Method extends AnyMethod>(
    value: Method & NotGenerator<Method>,
    context: ClassMethodDecoratorContext<any, Method>,
  ): void;
  <Method extends AnyMethod>(
    target: object,
    key: string | symbol,
    descriptor: TypedPropertyDescriptor<Method & NotGenerator<Method>>,
  ): void;
}

/** As `MethodDecorator`, for methods that return a Promise. */
export interface ContextualAsyncMethodDecorator<Self, Legacy, Args extends any[], Result> {
  (
    value: (this: Self, ...args: Args) => Result,
    context: ClassMethodDecoratorContext<Self, (this: Self, ...args: Args) => Result>,
    phantom1: never,
    phantom2: never,
  ): void;
  (
    target: Legacy,
    key: string | symbol,
    descriptor: TypedPropertyDescriptor<(...args: Args) => Result>,
    phantom: never,
  ): void;
  <Method extends AsyncMethod>(value: Method, context: ClassMethodDecoratorContext<any, Method>): void;
  <Method extends AsyncMethod>(target: object, key: string | symbol, descriptor: TypedPropertyDescriptor<Method>): void;
}

/** `@Resilient` stands on classes as well. */
export interface ClassOrMethodDecorator<Self, Legacy, Args extends any[], Result> extends MethodDecorator<
  Self,
  Legacy,
  Args,
  Result
> {
  <Class extends abstract new (...args: any[]) => any>(value: Class, context: ClassDecoratorContext<Class>): void;
  <Class extends abstract new (...args: any[]) => any>(target: Class): void;
}
